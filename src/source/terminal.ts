/** @file Text for terminals: colours, and removal of control characters. */

type Paint = (text: string) => string;

export interface Style {
  readonly error: Paint;
  readonly warning: Paint;
  readonly strong: Paint;
  /** Line numbers and rules. */
  readonly frame: Paint;
  readonly label: Paint;
  readonly help: Paint;
}

export function styles(color: boolean): Style {
  const ansi = (code: string): Paint =>
    color ? (text) => (text === "" ? "" : `\u001b[${code}m${text}\u001b[0m`) : (text) => text;
  return {
    error: ansi("1;31"),
    warning: ansi("1;33"),
    strong: ansi("1"),
    frame: ansi("34"),
    label: ansi("36"),
    help: ansi("32"),
  };
}

/** Control characters, and characters that change the direction of text. They could make a terminal display something else. */
const controls = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** Replaces control characters in a text. */
export function printable(text: string): string {
  return text.replace(controls, "\ufffd");
}
