/** @file Shortens text that messages quote. Imports nothing. */

/** The maximum length of a word. Real names are shorter (a file name may be a hash of 64 characters); the start of a huge one identifies it. */
const longestWord = 80;
/** The maximum length of code in backticks. Any type or condition that a person can read is shorter. */
const longestCode = 400;

const longWords = new RegExp(`([\\p{L}\\p{N}_]{${longestWord}})[\\p{L}\\p{N}_]+`, "gu");
const longCode = new RegExp(`\`([^\`]{${longestCode}})[^\`]+\``, "g");

/** Cuts every long word, and every long piece of code in backticks. */
export function shortened(text: string): string {
  if (text.length <= longestWord) return text;
  return text.replace(longWords, "$1…").replace(longCode, "`$1…`");
}
