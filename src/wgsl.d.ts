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
