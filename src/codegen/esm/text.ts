/** @file Pieces of generated text: literals that round-trip, lists that wrap, comments that cannot end early. */
import { propertyName } from "./names.ts";

const width = 100;
const step = "  ";

/**
 * Returns plain data as JavaScript, broken into lines if it does not fit, up to `levels` deep. `indent` is that of its
 * first line.
 */
export function literal(value: unknown, indent = "", levels = Infinity, before = 0): string {
  const flat = inline(value);
  const fits = indent.length + before + flat.length <= width;
  if (fits || levels === 0 || typeof value !== "object" || value === null) return flat;
  const inner = indent + step;
  if (Array.isArray(value)) {
    const items = value.map((item) => `${inner}${literal(item, inner, levels - 1)},\n`);
    return `[\n${items.join("")}${indent}]`;
  }
  const fields = Object.entries(value).map(([name, item]) => {
    const key = objectKey(name);
    return `${inner}${key}: ${literal(item, inner, levels - 1, key.length + 2)},\n`;
  });
  return `{\n${fields.join("")}${indent}}`;
}

function inline(value: unknown): string {
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
  if (Array.isArray(value)) return `[${value.map(inline).join(", ")}]`;
  if (typeof value !== "object" || value === null) return stringLiteral(value);
  const fields = Object.entries(value).map(([name, item]) => `${objectKey(name)}: ${inline(item)}`);
  return fields.length === 0 ? "{}" : `{ ${fields.join(", ")} }`;
}

/** JSON is JavaScript. Line separators are escaped too, because older JavaScript readers treat them as line ends. */
function stringLiteral(value: unknown): string {
  return JSON.stringify(value).replace(/[\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16)}`);
}

/** Returns a key of an object literal, where `__proto__: x` would set the prototype. */
export function objectKey(name: string): string {
  return name === "__proto__" ? '["__proto__"]' : propertyName(name);
}

/** Returns `{ a, b }`, over several lines if it does not fit after `before` characters. */
export function braces(items: readonly string[], indent: string, before: number): string {
  const flat = items.length === 0 ? "{}" : `{ ${items.join(", ")} }`;
  if (indent.length + before + flat.length <= width) return flat;
  return `{\n${fill(items, indent + step)}\n${indent}}`;
}

/** Packs items and commas into lines as long as possible. */
function fill(items: readonly string[], indent: string): string {
  const lines: string[] = [];
  let line = "";
  for (const item of items) {
    if (line !== "" && indent.length + line.length + item.length + 2 > width) {
      lines.push(line);
      line = "";
    }
    line += `${line === "" ? "" : " "}${item},`;
  }
  return [...lines, line].map((text) => indent + text).join("\n");
}

/**
 * Returns a statement. If it is too long, the object that is its call's only argument gets a line for each property.
 */
export function statement(text: string, indent: string): string {
  const [, start, properties, end] = /^(.*?\({) (.*) (}\);)$/.exec(text) ?? [];
  if (indent.length + text.length <= width || properties === undefined) return text;
  const lines = splitTopLevel(properties).map((property) => `${indent}${step}${property},\n`);
  return `${start}\n${lines.join("")}${indent}${end}`;
}

/** Splits at commas outside all brackets. */
function splitTopLevel(text: string): string[] {
  const parts = [""];
  let depth = 0;
  for (const character of text) {
    if ("([{".includes(character)) depth++;
    if (")]}".includes(character)) depth--;
    if (character === "," && depth === 0) parts.push("");
    else parts[parts.length - 1] += character;
  }
  return parts.map((part) => part.trim());
}

/** Returns text for a comment: on one line, without characters that could end it or reorder the displayed text. */
export function commentText(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, " ").replaceAll("*/", "* /");
}

/** Returns a doc comment. */
export function docComment(lines: readonly string[], indent = ""): string {
  const safe = lines.flatMap((line) => line.split("\n")).map((line) => commentText(line).trimEnd());
  if (safe.length === 1) return `${indent}/** ${safe[0]} */\n`;
  return `${indent}/**\n${safe.map((line) => `${indent} *${line === "" ? "" : ` ${line}`}\n`).join("")}${indent} */\n`;
}
