declare module "*.wgsl" {
  const code: string;
  export default code;
}
declare module "*&wgsl" {
  const code: string;
  export default code;
}
declare module "*?wgsl" {
  const code: string;
  export default code;
}
/** A text for each combination of the query's axes, by their words. */
declare module "*&texts" {
  const texts: Readonly<Record<string, string>>;
  export default texts;
}
