declare module "*?assembly" {
  /** WebAssembly in base64. */
  const encoded: string;
  export default encoded;
}
