/** `custom-elements.json`: what editors and documentation know of `<vit-classifier>`; made by `npm run build`. */
export default {
  globs: ["src/element/vit-classifier.ts"],
  outdir: "dist",
  packagejson: false,
  plugins: [{ name: "public-members-only", moduleLinkPhase }],
};

/** @typedef {{ name: string, description?: string, type?: unknown }} Named */
/** @typedef {{ kind: string, superclass: unknown, attributes: Named[], members: Named[], events: Named[] }} Declaration */
/** @param {{ moduleDoc: { declarations: Declaration[] } }} phase */
function moduleLinkPhase({ moduleDoc }) {
  moduleDoc.declarations = moduleDoc.declarations.filter(({ kind }) => kind === "class");
  for (const declaration of moduleDoc.declarations) {
    declaration.superclass = { name: "HTMLElement", package: "global:" };
    const members = declaration.members.filter(({ name }) => !name.startsWith("#"));
    declaration.members = [...declaration.attributes.map(propertyOf), ...members];
    // Of events, those that the class describes: one named by a variable is none.
    declaration.events = declaration.events.filter(({ description }) => description);
  }
}

/** Each attribute has one. @param {Named} attribute */
function propertyOf({ name: attribute, type, description }) {
  const [first, ...rest] = attribute.replace("origin", "-origin").split("-");
  const name = [first, ...rest.map((word) => word[0].toUpperCase() + word.slice(1))].join("");
  return { kind: "field", name, type, description, attribute, reflects: true };
}
