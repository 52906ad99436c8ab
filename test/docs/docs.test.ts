import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { blockOf, PAGES } from '../../src/bench/document.js';
import { operatorTable } from '../../src/bench/operators.js';
import { constantOps, supportedOps } from '../../src/onnx/index.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const sources = (folder: string, ending: string): string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .map((name) => join(folder, name));
const PAGE_FILES = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md', ...sources('docs', '.md')];
/** Commands, as `zkinfer NAME` stands in code, not in prose. */
const inCode = (text: string): string =>
  [...text.matchAll(/^ {4}.*$|`[^`]+`|```[\s\S]*?```/gm)].map(([code]) => code).join('\n');
/** Anchor of a heading as GitHub makes it. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(' ', '-');

describe('documents', () => {
  it('have a README that takes five minutes: at most 130 lines, and no measured block', () => {
    const text = read('README.md');
    assert.ok(text.split('\n').length <= 131, `${text.split('\n').length - 1} lines`);
    assert.doesNotMatch(text, /:begin -->/);
  });

  it('link to pages, files and headings that are there', () => {
    for (const page of PAGE_FILES) {
      for (const [, target] of read(page).matchAll(/\]\(([^)\s]+)\)/g)) {
        if (/^https?:/.test(target)) continue;
        const [path, anchor] = target.split('#');
        const file = path === '' ? page : join(dirname(page), path);
        assert.ok(existsSync(join(ROOT, file)), `${page} links to ${target}`);
        if (anchor === undefined) continue;
        const headings = [...read(file).matchAll(/^#+ (.*)$/gm)].map(([, heading]) => anchorOf(heading));
        assert.ok(headings.includes(anchor), `${page} links to ${target}; headings: ${headings.join(', ')}`);
      }
    }
  });

  it('are all in the index of the README', () => {
    const index = read('README.md');
    for (const page of sources('docs', '.md')) assert.ok(index.includes(`](${page})`), page);
  });

  it('name commands that there are', () => {
    const commands = new Set(
      [...read('src/cli/program.ts').matchAll(/\{\s*name: '([a-z-]+)'/g)].map(([, name]) => name),
    );
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    for (const page of PAGE_FILES) {
      const code = inCode(read(page));
      for (const [, name] of code.matchAll(/(?<!["'/])\bzkinfer ([a-z][a-z-]+)/g))
        assert.ok(commands.has(name), `${page}: zkinfer ${name}`);
      for (const [, name] of code.matchAll(/\bnpm run (?:-s )?([a-z][a-z:-]*)/g))
        assert.ok(name in scripts, `${page}: npm run ${name}`);
    }
  });

  it('have the marks of every block that a command writes', () => {
    for (const [name, page] of Object.entries(PAGES))
      assert.doesNotThrow(() => blockOf(read(page), name), `${page}: ${name}`);
  });
});

describe('docs/operators.md', () => {
  it('is what `npm run docs` writes', () => {
    assert.equal(blockOf(read('docs/operators.md'), 'operators'), operatorTable());
  });

  it('has every operator of the table', () => {
    const text = read('docs/operators.md');
    for (const op of [...supportedOps(), ...constantOps()]) assert.ok(text.includes(`\`${op}\``), op);
  });
});

describe('docs/troubleshooting.md', () => {
  it('has an entry for every error code of the source, and no other', () => {
    const codes = new Set(
      sources('src', '.ts').flatMap((file) =>
        [...read(file).matchAll(/\bcode(?:: string)?(?: =|:) '([A-Z][A-Z0-9_]+)'/g)].map(([, code]) => code),
      ),
    );
    assert.ok(codes.size > 70, `${codes.size} codes found`);
    const entries = [...read('docs/troubleshooting.md').matchAll(/^### `([A-Z0-9_]+)`\n\n\S/gm)].map(
      ([, code]) => code,
    );
    assert.deepEqual(entries.sort(), [...codes].sort());
  });
});

describe('docs/architecture.md', () => {
  it('has every decision that the source cites', () => {
    const decisions = new Set(
      [...read('docs/architecture.md').matchAll(/^(\d+)\. \*\*/gm)].map(([, number]) => number),
    );
    const files = execFileSync(
      'git',
      [
        'ls-files',
        'src',
        'test',
        'circuits',
        'native/src',
        'native/files',
        'native/node',
        'native/programs',
        'verifier-contracts',
        'scripts',
      ],
      { cwd: ROOT, encoding: 'utf8' },
    ).split('\n');
    for (const file of files.filter((name) => /\.(ts|mjs|circom|rs|sol)$/.test(name) && existsSync(join(ROOT, name)))) {
      for (const [cited, number] of read(file).matchAll(/\bdecision\s+(\d+)\s+(?:of|in)\b/g)) {
        assert.ok(decisions.has(number), `${file}: ${cited}`);
      }
      assert.doesNotMatch(read(file), /decisions? \d+ of\s+(?:\* )?the design/, file);
    }
  });

  it('has every room of the source', () => {
    const rooms = read('docs/architecture.md');
    for (const { name } of readdirSync(join(ROOT, 'src'), { withFileTypes: true }).filter((entry) =>
      entry.isDirectory(),
    )) {
      assert.ok(rooms.includes(`${name}/`), `src/${name}/ is nowhere in docs/architecture.md`);
    }
  });
});
