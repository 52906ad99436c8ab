/**
 * `npm run check:names`: one meaning a name. No two files of `src/` export a declaration of one name, no file has a type
 * of its own with the name of an exported type, and no exported type has the name of a global of Node's or of something
 * that a file of its room imports from a package. Prints each name that breaks a rule and ends with exit code 1 if there
 * is one. Names that may stand twice are those of the rows of one kind, and those in ALLOWED.
 *
 * The trap: declarations are found as text at the start of a line, so `export { a as b }` is not seen.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const src = fileURLToPath(new URL('../src', import.meta.url));

/** Folders with one file a kind, which exports its row under the kind's name; the kernels have these names too. */
const ROWS = new Set(['gadgets', 'network/layers', 'integer/layers', 'quantize/layers']);
const KERNELS = 'tensor/kernels.ts';
/** Names that may stand in several files, and in which. */
const ALLOWED = {
  // Each command's file adds its commands to the program.
  define: (file) => dirname(file) === 'cli/commands',
  // The row of the kind `function`, which is a reserved word.
  scalar: (file) => ROWS.has(dirname(file)) && basename(file) === 'function.ts',
  // The same verbs: in Node, and in a browser.
  openBuild: (file) => file === 'api/build.ts' || file === 'browser/index.ts',
  compile: (file) => file === 'api/build.ts' || file === 'browser/index.ts',
  // The bundle for browsers has the one in the other's place.
  poseidonConstants: (file) => basename(file) === 'poseidon-constants.ts',
  loadOnnxRuntime: (file) => basename(file) === 'onnxruntime.ts',
};

const DECLARED =
  /^(export )?(?:declare )?(?:abstract )?(?:async )?(type|interface|class|enum|const|let|function)\*? +(\w+)/gm;
const IMPORTED = /^import\s+(?:type\s+)?(?:\w+,\s*)?\{([^}]*)\}\s*from '([^.'][^']*)'/gm;
const isType = (keyword) => ['type', 'interface', 'class', 'enum'].includes(keyword);
const camel = (file) => basename(file, '.ts').replace(/-(\w)/g, (_, letter) => letter.toUpperCase());
const roomOf = (file) => file.split('/')[0];

/** Whether a name may stand in this file beside another one of its kind. */
const mayRecur = (name, file) =>
  (ROWS.has(dirname(file)) && camel(file) === name) || file === KERNELS || ALLOWED[name]?.(file) === true;

const exported = new Map();
const local = [];
const fromPackages = [];
for (const entry of readdirSync(src, { recursive: true })) {
  const file = entry.split(sep).join('/');
  if (!file.endsWith('.ts')) continue;
  const text = readFileSync(join(src, entry), 'utf8');
  const own = new Set();
  for (const [, isExported, keyword, name] of text.matchAll(DECLARED)) {
    if (own.has(name)) continue; // an overload, or a type and a value that belong together
    own.add(name);
    // The package's index gives verbs of other files on, loaded when they are called.
    if (file === 'index.ts') continue;
    if (isExported) exported.set(name, [...(exported.get(name) ?? []), { file, type: isType(keyword) }]);
    else if (isType(keyword)) local.push({ name, file });
  }
  for (const [, names, from] of text.matchAll(IMPORTED)) {
    for (const name of names.split(',')) {
      fromPackages.push({
        name: name
          .trim()
          .replace(/^type /, '')
          .split(' as ')
          .at(-1),
        from,
        file,
      });
    }
  }
}

const problems = [];
for (const [name, places] of exported) {
  const files = places.map(({ file }) => file);
  if (files.length > 1 && !files.every((file) => mayRecur(name, file))) {
    problems.push(`${name} is exported by ${files.join(' and ')}`);
  }
  if (places.some(({ type }) => type) && name in globalThis) {
    problems.push(`${name}, exported by ${files.join(' and ')}, is a global of Node's`);
  }
}
for (const { name, file } of local) {
  const others = (exported.get(name) ?? []).filter(({ type }) => type).map((place) => place.file);
  if (others.length > 0)
    problems.push(`${file} has a type ${name} of its own; ${others.join(' and ')} exports another`);
}
for (const { name, from, file } of fromPackages) {
  const beside = (exported.get(name) ?? []).find((place) => place.type && roomOf(place.file) === roomOf(file));
  if (beside !== undefined) problems.push(`${file} imports ${name} from ${from}; ${beside.file} exports another`);
}

for (const problem of problems) console.error(problem);
console.log(`${exported.size} exported names, ${problems.length} with two meanings`);
process.exit(problems.length === 0 ? 0 : 1);
