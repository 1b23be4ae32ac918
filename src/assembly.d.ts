declare module "*?assembly" {
  /** WebAssembly, deflated, in base64. */
  const encoded: string;
  export default encoded;
}
