/** @file The part of a browser that Fuse uses. TypeScript declares it only together with all of a page. */
declare class Worker {
  constructor(url: string);
  onmessage: (() => void) | null;
  onerror: ((event: { readonly message?: string }) => void) | null;
  postMessage(data: object): void;
  terminate(): void;
}
