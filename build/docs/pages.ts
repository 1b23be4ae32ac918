import path from "node:path";

/** Patterns of Markdown files that are no pages of the docs site. */
export const notPages = [
  "!(docs|models|bench)/**/*",
  "docs/api/**",
  "models/!(everyday80)/**",
  "bench/!(gpu.md)",
];

/**
 * The page that a Markdown file of the repository becomes. All pages are in one folder, so that a relative link from one to
 * another, such as the sidebar's, means the same on each of them.
 */
export function pageOf(file: string): string {
  if (file === "README.md") return "index.md";
  if (path.posix.basename(file) === "README.md") return `${path.posix.basename(path.posix.dirname(file))}.md`;
  return file.replace(/^(?:docs|bench)\//, "").replaceAll("/", "-");
}

/** Where a link in `file` leads on the site: an absolute path, or undefined for a file that is not on the site. */
export function siteLink(file: string, link: string, isPage: (file: string) => boolean): string | undefined {
  if (/^(?:[a-z]+:|#)/.test(link)) return link;
  const [name, anchor] = link.split("#");
  const target = path.posix.join(path.posix.dirname(file), decodeURI(name));
  if (!isPage(target)) return undefined;
  return `/${pageOf(target)}${anchor ? `#${anchor}` : ""}`;
}
