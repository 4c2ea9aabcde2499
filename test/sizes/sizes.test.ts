/** @file The size algebra by example: normal forms, what follows from facts, and what must not. */
import { describe, expect, it } from "vitest";
import type { Example, Facts } from "../../src/sizes/facts.ts";
import { SizeTooLarge } from "../../src/sizes/pool.ts";
import type { Size, SizeAlgebra } from "../../src/sizes/size.ts";
import { compare, SizeText } from "../support/size-text.ts";

describe("normal form", () => {
  const rows: readonly (readonly [written: string, printed: string])[] = [
    // polynomials
    ["ca + cb", "ca + cb"],
    ["h - 1 + w*2 + 3", "h + 2*w + 2"],
    ["(a + b)*(a - b)", "a*a - b*b"],
    ["a*b - b*a", "0"],
    ["1 - a", "1 - a"],
    ["-a - b", "-a - b"],
    ["-(2*a)", "-2*a"],
    ["w*ceil(h/2)", "w*ceil(h/2)"],
    // rule 1
    ["floor((4*h + 2*w + 7)/2)", "2*h + w + 3"],
    ["floor((7*h + 9)/4)", "h + floor((3*h + 1)/4) + 2"],
    ["floor(3/4)", "0"],
    ["floor((h - 1)/2)", "ceil(h/2) - 1"],
    ["floor((2*h + 1)/4)", "floor(h/2)"],
    ["ceil((2*h)/4)", "ceil(h/2)"],
    ["floor((h + 5*s)/s)", "floor(h/s) + 5"],
    // rule 2
    ["ceil(h/4)", "ceil(h/4)"],
    ["floor((h + 3)/4)", "ceil(h/4)"],
    ["1 + floor((h - 1)/s)", "ceil(h/s)"],
    ["floor((h + s - 1)/s)", "ceil(h/s)"],
    ["2*ceil(h/8)", "2*ceil(h/8)"],
    ["ceil(h/(s + 1))", "ceil(h/(s + 1))"],
    ["ceil((h - s)/s)", "ceil(h/s) - 1"],
    ["-ceil(-h/2)", "h - ceil(h/2)"],
    ["floor((s - 1)/s)", "0"],
    // rule 3
    ["ceil(ceil(ceil(ceil(ceil(h/2)/2)/2)/2)/2)", "ceil(h/32)"],
    ["floor(floor(h/2)/3)", "floor(h/6)"],
    ["floor((floor(h/2) + 5)/3)", "floor((h + 4)/6) + 1"],
    ["ceil((ceil(h/2) + 1)/3)", "floor((h + 1)/6) + 1"],
    ["ceil(ceil(h/s)/t)", "ceil(h/(s*t))"],
    // rule 4
    ["c/r", "c/r"],
    ["c/r*r", "c"],
    ["c/4*4", "c"],
    ["c/4*6", "3*c/2"],
    ["3*d/3", "d"],
    ["c*r/r", "c"],
    ["c/r/s", "c/(r*s)"],
    ["(h - 1)/2", "(h - 1)/2"],
    ["c/2 + c/4 + c/8", "7*c/8"],
    ["c/r + 1", "c/r + 1"],
    ["(c*c - 1)/(c + 1)", "c - 1"],
    ["(c + d)*(s + 1)/(s + 1)", "c + d"],
    // remainders
    ["h % 2", "h - 2*floor(h/2)"],
    ["h % s", "h - s*floor(h/s)"],
    ["h % 8 % 8", "h - 8*floor(h/8)"],
    ["8*h % 4", "0"],
    // convolutions
    ["floor((h + 2 - 3)/2) + 1", "ceil(h/2)"],
    ["floor((h + 2*(d*(3 - 1)/2) - d*(3 - 1) - 1)/s) + 1", "ceil(h/s)"],
    ["floor((h + 2*(d*(7 - 1)/2) - d*(7 - 1) - 1)/s) + 1", "ceil(h/s)"],
    ["floor((h + 2*(d*(k - 1)/2) - d*(k - 1) - 1)/s) + 1", "ceil(h/s)"],
    ["floor((h - 3)/2) + 1", "ceil(h/2) - 1"],
    ["floor((h - 3)/s) + 1", "ceil((h - 2)/s)"],
    ["(h - 1)*2 + 2", "2*h"],
    // no value
    ["1/2", "1/2"],
    ["h/0", "h/0"],
  ];
  it.each(rows)("%s is %s", (written, printed) => {
    expect(new SizeText().print(written)).toBe(printed);
  });

  it("is one object for equal forms", () => {
    const t = new SizeText();
    expect(t.size("(h + 3)*w - 3*w")).toBe(t.size("w*h"));
    expect(t.size("floor((h + 1)/2)")).toBe(t.size("ceil(h/2)"));
    expect(t.size("h")).not.toBe(t.sizes.of(t.sizes.variable("h", { time: "run" })));
    expect(t.sizes.owns(t.size("h"))).toBe(true);
    expect(new SizeText().sizes.owns(t.size("h"))).toBe(false);
  });

  it("prints terms in the order of the signature", () => {
    const t = new SizeText();
    t.size("c + h + w");
    expect(t.print("floor(w/3) + ceil(h/2) + c")).toBe("c + ceil(h/2) + floor(w/3)");
  });
});

describe("constants and values", () => {
  it.each([
    ["7", 7n],
    ["floor(-7/2)", -4n],
    ["ceil(-7/2)", -3n],
    ["floor(7/(-2))", -4n],
    ["ceil(7/(-2))", -3n],
    ["-7 % 4", 1n],
    ["6/3", 2n],
    ["1/2", undefined],
    ["1/0", undefined],
    ["floor(1/0)", undefined],
    ["h - h", 0n],
    ["h", undefined],
  ])("the constant %s is %s", (text, value) => {
    const t = new SizeText();
    expect(t.sizes.constant(t.size(text))).toBe(value);
  });

  it.each([
    ["c/r", { c: 12n, r: 4n }, 3n],
    ["c/r", { c: 12n, r: 5n }, undefined],
    ["c/(r - 4)", { c: 12n, r: 4n }, undefined],
    ["floor(c/(4 - r))", { c: 7n, r: 6n }, -4n],
    ["ceil(c/(4 - r))", { c: 7n, r: 6n }, -3n],
    ["floor((2*c + 1)/(2*floor((r - 9)/2)))", { c: 3n, r: 5n }, -2n],
    ["(h + w)/2", { h: 3n, w: 5n }, 4n],
    ["h % s", { h: 7n, s: 3n }, 1n],
  ])("%s at %o is %s", (text, values, expected) => {
    const t = new SizeText();
    const size = t.size(text);
    const at = new Map(Object.entries(values).map(([name, n]) => [t.variable(name), n]));
    expect(t.sizes.evaluate(size, (v) => at.get(v) ?? 0n)).toBe(expected);
  });

  it("substitutes all variables at once", () => {
    const t = new SizeText();
    const size = t.size("ceil(a/2) + b");
    const swapped = t.sizes.substitute(
      size,
      new Map([
        [t.variable("a"), t.size("2*b")],
        [t.variable("b"), t.size("a + 1")],
      ]),
    );
    expect(t.sizes.print(swapped)).toBe("a + b + 1");
  });

  it("takes a size apart for a variable", () => {
    const t = new SizeText();
    const parts = (text: string) => {
      const found = t.sizes.linear(t.size(text), t.variable("x"));
      return found && [t.sizes.print(found.factor), t.sizes.print(found.offset)];
    };
    expect(parts("32*x")).toEqual(["32", "0"]);
    expect(parts("k*x + m - 1")).toEqual(["k", "m - 1"]);
    expect(parts("x/4 + m")).toEqual(["1/4", "m"]);
    expect(parts("m")).toBeUndefined();
    expect(parts("x*x")).toBeUndefined();
    expect(parts("x + floor(x/2)")).toBeUndefined();
  });

  it("reads as an expression of another domain", () => {
    const t = new SizeText();
    const script: SizeAlgebra<string> = {
      int: String,
      variable: (v) => v.name,
      add: (a, b) => `(${a} + ${b})`,
      sub: (a, b) => `(${a} - ${b})`,
      mul: (a, b) => `${a} * ${b}`,
      divide: (a, b) => `(${a}) / (${b})`,
      floor: (a, b) => `Math.floor(${a} / ${b})`,
      ceil: (a, b) => `Math.ceil(${a} / ${b})`,
    };
    const read = (text: string) => t.sizes.fold(t.size(text), script);
    expect(read("2*ceil(h/8) + w - 1")).toBe("((2 * Math.ceil(h / 8) + w) - 1)");
    expect(read("c/2 + c/3")).toBe("(5 * c) / (6)");
    expect(read("h % 2")).toBe("(h - 2 * Math.floor(h / 2))");
  });
});

describe("lower bounds", () => {
  it.each([
    ["h", 1n],
    ["z0", 0n],
    ["h - 1", 0n],
    ["2*h + 3*w", 5n],
    ["a*b - a", 0n],
    ["a - b", undefined],
    ["c/r", 1n],
    ["z0/r", 0n],
    ["floor(h/2)", 0n],
    ["ceil(h/2)", 1n],
    ["ceil(h/s)", 1n],
    ["floor(h/s)", 0n],
    ["floor((h - w)/2)", undefined],
    ["h % 8", 0n],
    ["7 - h % 8", 0n],
    ["h - 2*floor(h/2)", 0n],
    ["h - floor(h/2)", 1n],
    ["ceil((h - 2)/s)", -1n],
    ["ceil(h/2) - 1", 0n],
  ])("of %s is %s", (text, bound) => {
    const t = new SizeText();
    expect(t.sizes.lower(t.size(text))).toBe(bound);
  });
});

const show = (example: Example | undefined): string =>
  example === undefined
    ? "no example"
    : `${[...example.values].map(([v, n]) => `${v.name} = ${n}`).join(", ")}: ${example.left} vs ${example.right}`;

const said = (verdict: string, example: () => Example | undefined): string =>
  verdict === "equal" || verdict === "yes" ? verdict : `${verdict}; ${show(example())}`;

const dividendFirst = ({ left, right }: Example) => ({ left: right, right: left });

/** "a ? b", "a >= b" or "b | a" */
function ask(t: SizeText, facts: Facts, question: string): string {
  const [left = "", operator, right = ""] = question.split(/(\?|>=|\|)/);
  const [a, b] = [t.size(left), t.size(right)];
  const answer = facts.decide({ op: operator === "?" ? "==" : operator === ">=" ? ">=" : "divides", a, b });
  if (operator === "?") return said(compare(facts, a, b), () => answer.example);
  if (operator === ">=") return said(answer.verdict, () => answer.example);
  return said(answer.verdict, () => answer.example && { ...answer.example, ...dividendFirst(answer.example) });
}

describe("questions without facts", () => {
  it.each([
    ["h ? h", "equal"],
    ["(h + w)*2 ? 2*w + 2*h", "equal"],
    ["floor(h/2) + ceil(h/2) ? h", "equal"],
    ["floor((2*h)/3) ? h - ceil(h/3)", "equal"],
    ["c/(c + 1) + 1/(c + 1) ? 1", "equal"],
    ["h + 1 ? h", "greater; h = 1: 2 vs 1"],
    ["2*a ? 2*b + 1", "different; a = 1, b = 1: 2 vs 3"],
    ["h ? h + w", "less; h = 1, w = 1: 1 vs 2"],
    ["2*floor(h/2) ? h + 1", "less; h = 1: 0 vs 2"],
    ["h % 4 ? 4", "less; h = 1: 1 vs 4"],
    ["3 ? 4", "less; : 3 vs 4"],
    // what must not be provable
    ["ca ? cb", "unknown; ca = 2, cb = 1: 2 vs 1"],
    ["2*floor(h/2) ? h", "unknown; h = 1: 0 vs 1"],
    ["floor(h/2) ? ceil(h/2)", "unknown; h = 1: 0 vs 1"],
    ["a*b ? a + b", "unknown; a = 1, b = 1: 1 vs 2"],
    ["ceil(h/4) ? 2*ceil(h/8)", "unknown; h = 1: 1 vs 2"],
    ["ceil(h/32) ? 1", "unknown; h = 33: 2 vs 1"],
    ["floor(h/100000) ? 0", "unknown; h = 100000: 1 vs 0"],
    ["c - 1 >= 1", "unknown; c = 1: 0 vs 1"],
    ["c >= 1", "yes"],
    ["z0 >= 1", "unknown; z0 = 0: 0 vs 1"],
    ["1 - c >= 1", "no; c = 1: 0 vs 1"],
    ["floor((h - 3)/2) + 1 >= 1", "unknown; h = 1: 0 vs 1"],
    ["2 | 2*h", "yes"],
    ["2 | 2*h + 1", "no; h = 1: 3 vs 2"],
    ["r | c", "unknown; r = 2, c = 1: 1 vs 2"],
    ["r | r*c", "yes"],
    ["2*r | 2*c + 1", "no; r = 1, c = 1: 3 vs 2"],
    ["8 | 24", "yes"],
    ["16 | 24", "no; : 24 vs 16"],
    ["z0 | z0", "unknown; z0 = 0: 0 vs 0"],
    ["0 | h", "no; h = 1: 1 vs 0"],
    ["c + 1 | c", "no; c = 1: 1 vs 2"],
    ["4/r | 2", "unknown; r = 1: 2 vs 4"],
  ])("%s: %s", (question, answer) => {
    const t = new SizeText();
    expect(ask(t, t.facts(), question)).toBe(answer);
  });
});

describe("questions under facts", () => {
  it.each([
    // rule 5: solved
    [["h = 32*i"], "ceil(h/32) ? i", "equal"],
    [["h = 32*i"], "ceil(h/64) ? i", "unknown; h = 64, i = 2: 1 vs 2"],
    [["h = 4*p"], "ceil(ceil(h/2)/2) ? p", "equal"],
    [["ca = cb"], "ca + cb ? 2*ca", "equal"],
    [["h = 2*a", "w = 2*b"], "h*w ? 4*a*b", "equal"],
    [["C = OUT", "S = 1"], "ceil(h/S)*C ? h*OUT", "equal"],
    [["d/HEADS = 64"], "d ? 64*HEADS", "equal"],
    [["a + b = c"], "c - b ? a", "equal"],
    [["a + b = c"], "c >= 2", "yes"],
    [["a + b = c"], "c - b >= 1", "yes"],
    // kept
    [["2*a = 3*b"], "2*a ? 3*b", "equal"],
    [["2*a = 3*b"], "4*a*h ? 6*b*h", "equal"],
    [["2*a = 3*b"], "a ? b", "greater; a = 3, b = 2: 3 vs 2"],
    [["2*a = 3*b"], "3 | a", "unknown; no example"],
    [["2*a = b"], "floor(b/4) ? a", "less; a = 1, b = 2: 0 vs 1"],
    [["2*a = b"], "floor(b/4) ? floor(a/2)", "equal"],
    [["2*a = b"], "b/4 ? a", "less; a = 2, b = 4: 1 vs 2"],
    [["a*b = 64"], "a ? b", "unknown; a = 16, b = 4: 16 vs 4"],
    [["floor(h/2) = w"], "2*w ? h", "unknown; h = 3, w = 1: 2 vs 3"],
    // run-time variables go first
    [["C = h"], "h ? C", "equal"],
    // inequalities
    [["h >= w"], "h - w >= 0", "yes"],
    [["h >= w"], "h ? w", "unknown; h = 2, w = 1: 2 vs 1"],
    [["h >= w", "h != w"], "h ? w", "greater; h = 2, w = 1: 2 vs 1"],
    [["a >= b", "b >= c"], "a >= c", "yes"],
    [["h >= 3"], "floor((h - 3)/2) + 1 >= 1", "yes"],
    [["h >= K"], "floor((h - K)/S) + 1 >= 1", "yes"],
    [["3 >= h"], "floor(h/4) ? 0", "equal"],
    [["z0 != 0"], "z0 >= 1", "yes"],
    [["0 >= z0"], "z0 + h ? h", "equal"],
    [["floor(h/2) >= 3"], "h >= 6", "yes"],
    [["floor(h/2) >= 3"], "h >= 7", "unknown; h = 6: 6 vs 7"],
    [["2 >= ceil(h/4)"], "8 >= h", "yes"],
    [["2*a >= 5"], "a >= 3", "yes"],
    // divisibility
    [["r | c"], "r | c", "yes"],
    [["r | c"], "r | c*h", "yes"],
    [["r | c", "r | h"], "r | c + h", "yes"],
    [["r | c"], "c >= r", "yes"],
    [["r | c"], "r | c + h", "unknown; r = 2, c = 2, h = 1: 3 vs 2"],
    [["32 | x"], "8 | x", "yes"],
    [["8 | x"], "32 | x", "unknown; x = 8: 8 vs 32"],
    [["2 | h", "3 | h"], "6 | h", "yes"],
    [["2 | 3*h"], "2 | h", "yes"],
    [["32 | h", "32 | w"], "1024 | h*w", "yes"],
    [["2 | h"], "4 | 2*h + 2", "no; h = 2: 6 vs 4"],
    [["2 | h + w", "2 | h"], "2 | w", "yes"],
    [["32 | h"], "ceil(ceil(h/2)/2) ? h/4", "equal"],
    [["S | h"], "ceil(h/S) ? h/S", "equal"],
    [["4 | h"], "floor((h + 2)/4) ? h/4", "equal"],
    [["8 | C", "C >= 9"], "C >= 16", "yes"],
    [["C != 0", "C >= 1"], "C >= 1", "yes"],
    // examples obey everything that is known
    [["16 | c"], "floor(c/32) ? c/32", "unknown; no example"],
    [["h >= 64", "8 | h"], "floor(h/16) ? floor(h/15)", "unknown; h = 120: 7 vs 8"],
  ])("under %s, %s: %s", (stated, question, answer) => {
    const t = new SizeText();
    expect(ask(t, t.facts(...stated), question)).toBe(answer);
  });

  it("rewrites sizes", () => {
    const t = new SizeText();
    const facts = t.facts("h = 32*i", "R | C");
    expect(t.sizes.print(facts.apply(t.size("ceil(ceil(h/2)/2)")))).toBe("8*i");
    expect(t.sizes.print(facts.apply(t.size("floor((C + 1)/R)")))).toBe("C/R + floor(1/R)");
    expect(facts.lower(t.size("h"))).toBe(32n);
  });

  it("does not express a size known at build time by one known at run time", () => {
    const t = new SizeText();
    expect(t.sizes.print(t.facts("C = h").apply(t.size("h")))).toBe("C");
    expect(t.sizes.print(t.facts("C = 2*h").apply(t.size("C")))).toBe("C");
    expect(t.sizes.print(t.facts("h = 2*C").apply(t.size("h")))).toBe("2*C");
    expect(ask(t, t.facts("C = 2*h"), "C*w ? 2*w*h")).toBe("equal");
  });

  it("shows the variables that were asked about, smallest sum first", () => {
    const t = new SizeText();
    const facts = t.facts("h = 2*a", "w = h + 1");
    expect(ask(t, facts, "w ? 5")).toBe("unknown; w = 3: 3 vs 5");
  });
});

describe("contradictions", () => {
  it.each([
    [["h = h + 1"]],
    [["2*a = 2*b + 1"]],
    [["h = 0"]],
    [["h != h"]],
    [["a = b", "a != b"]],
    [["a != b", "a = b"]],
    [["a >= b + 1", "b >= a"]],
    [["3 >= h", "h >= 4"]],
    [["0 | h"]],
    [["2 | 2*h + 1"]],
    [["2 | h", "2 | h + 1"]],
    [["16 | C", "C = 24"]],
    [["z0 = 0", "z0 | h"]],
    [["2*a = 3*b", "4*a != 6*b"]],
    [["h % 4 = 5"]],
  ])("%s", (stated) => {
    expect(new SizeText().tryFacts(...stated)).toBe("impossible");
  });

  it.each([[["2*a = b"]], [["a*b = 7"]], [["h % 4 = 3"]], [["h >= 3", "h != 3", "5 >= h", "h != 4"]]])(
    "but %s can",
    (stated) => {
      expect(new SizeText().tryFacts(...stated)).not.toBe("impossible");
    },
  );
});

describe("too large", () => {
  const t = new SizeText();
  const { sizes } = t;
  const repeated = (n: number, start: Size, step: (s: Size) => Size) =>
    Array.from({ length: n }).reduce<Size>((s) => step(s), start);
  it.each([
    ["terms", () => Array.from({ length: 10 }, (_, i) => t.size(`v${i} + 1`)).reduce((a, b) => sizes.mul(a, b))],
    ["powers", () => Array.from({ length: 100 }, () => t.size("h")).reduce((a, b) => sizes.mul(a, b))],
    ["coefficients", () => repeated(40, t.size("3"), (a) => sizes.mul(a, a))],
    [
      "nested floors",
      () => repeated(40, t.size("h"), (a) => sizes.floor(sizes.add(sizes.mul(a, a), t.size("w")), sizes.int(3))),
    ],
  ])("%s", (_, make) => {
    expect(make).toThrow(SizeTooLarge);
  });

  it("does not make a comparison fail", () => {
    const product = (names: string, sign: string) =>
      [...names].map((v) => t.size(`${v} ${sign} 2`)).reduce((a, b) => sizes.mul(a, b));
    const facts = t.facts();
    const [a, b] = [product("abcdefghi", "+"), product("jklmnopqr", "-")];
    for (const op of ["==", "!=", ">=", "divides"] as const) expect(facts.decide({ op, a, b }).verdict).toBe("unknown");
  });
});
