/** `custom-elements.json`: what editors and documentation know of `<vit-classifier>`; made by `npm run build`. */
export default {
  globs: ["src/element/vit-classifier.ts"],
  outdir: "dist",
  packagejson: false,
  plugins: [{ name: "public-members-only", moduleLinkPhase }],
};

/** @param {{ moduleDoc: { declarations: { kind: string, members?: { name: string }[] }[] } }} phase */
function moduleLinkPhase({ moduleDoc }) {
  moduleDoc.declarations = moduleDoc.declarations.filter(({ kind }) => kind === "class");
  for (const declaration of moduleDoc.declarations)
    declaration.members = declaration.members?.filter(({ name }) => !name.startsWith("#"));
}
