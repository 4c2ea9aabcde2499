/** @file Types for the part of railroad-diagrams that is used; the package has none. */
declare module "railroad-diagrams" {
  interface Railroad {
    /** Creates a diagram that prints itself as SVG. */
    Diagram(...items: unknown[]): { toString(): string };
    Sequence(...items: unknown[]): unknown;
    /** `normal` is the index of the item on the straight line. */
    Choice(normal: number, ...items: unknown[]): unknown;
    Optional(item: unknown): unknown;
    ZeroOrMore(item: unknown): unknown;
    Terminal(text: string): unknown;
    NonTerminal(text: string): unknown;
  }
  const railroad: Railroad;
  export default railroad;
}
