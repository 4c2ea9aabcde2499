/** @file Texts that messages quote, cut to a length that fits them. Imports nothing. */

/** Of a word, in characters; nobody gives longer names (a file's may be a hash of 64), and of a name of a megabyte the first letters say which one it is. */
const longestWord = 80;
/** Of all that stands between two backticks: types and conditions that a person can read are shorter. */
const longestCode = 400;

const longWords = new RegExp(`([\\p{L}\\p{N}_]{${longestWord}})[\\p{L}\\p{N}_]+`, "gu");
const longCode = new RegExp(`\`([^\`]{${longestCode}})[^\`]+\``, "g");

/** The same text with every long word cut, and every long piece of code in backticks. */
export function shortened(text: string): string {
  if (text.length <= longestWord) return text;
  return text.replace(longWords, "$1…").replace(longCode, "`$1…`");
}
