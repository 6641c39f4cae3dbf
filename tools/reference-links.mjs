// Fails where a page of the reference site leads to a file that is not there, or to a place of a page that it has not.
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const site = resolve(root, process.argv[2] ?? "out/site");

const pages = readdirSync(site, { recursive: true, encoding: "utf8" }).filter((name) =>
  name.endsWith(".html"),
);
const texts = new Map(pages.map((page) => [join(site, page), readFileSync(join(site, page), "utf8")]));
const anchors = new Map(
  [...texts].map(([page, text]) => [page, new Set([...text.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id))]),
);

/** What is wrong with a link, if anything. */
function problemOf(page, link) {
  const [path, place = ""] = link.replaceAll("&amp;", "&").split("#");
  const target = path === "" ? page : resolve(dirname(page), decodeURIComponent(path));
  if (!existsSync(target) || statSync(target).isDirectory()) return "no such file";
  const known = anchors.get(target);
  return place === "" || known === undefined || known.has(decodeURIComponent(place))
    ? undefined
    : "no such place";
}

const broken = [...texts].flatMap(([page, text]) =>
  [...text.matchAll(/ (?:href|src)="([^"]*)"/g)]
    .map(([, link]) => link)
    // Whatever has a scheme leads out of the site.
    .filter((link) => !/^[a-z][a-z0-9+.-]*:/i.test(link) && link !== "#" && link !== "")
    .flatMap((link) => {
      const problem = problemOf(page, link);
      return problem === undefined ? [] : [`${relative(site, page)}: ${link}: ${problem}`];
    }),
);

const unique = [...new Set(broken)];
for (const line of unique.slice(0, 50)) console.error(line);
if (unique.length > 0) {
  console.error(`${unique.length} broken links in ${site}`);
  process.exitCode = 1;
} else console.log(`${texts.size} pages, no broken link`);
