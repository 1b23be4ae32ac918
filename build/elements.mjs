/** `custom-elements.json`: what editors and documentation know of `<vit-classifier>`; made by `npm run build`. */
export default {
  globs: ["src/element/vit-classifier.ts"],
  outdir: "dist",
  packagejson: false,
  plugins: [{ name: "public-members-only", moduleLinkPhase }],
};

/** @typedef {{ name: string, description?: string }} Named */
/** @param {{ moduleDoc: { declarations: { kind: string, superclass: unknown, members: Named[], events: Named[] }[] } }} phase */
function moduleLinkPhase({ moduleDoc }) {
  moduleDoc.declarations = moduleDoc.declarations.filter(({ kind }) => kind === "class");
  for (const declaration of moduleDoc.declarations) {
    declaration.superclass = { name: "HTMLElement", package: "global:" };
    declaration.members = declaration.members.filter(({ name }) => !name.startsWith("#"));
    // Of events, those that the class describes: one named by a variable is none.
    declaration.events = declaration.events.filter(({ description }) => description);
  }
}
