/** `npm run web` as a function: models are compiled, registered and exported one after the other while pages are served. */
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fixturePath } from '../../src/workflow/fixture.js';
import { readManifest } from '../../src/workflow/build-folder.js';
import { sha256 } from '../../src/workflow/hash.js';
import { exportCompiler } from '../../src/workflow/export-compiler.js';
import { exportWeb } from '../../src/workflow/export-web.js';
import {
  type InputKind,
  MOST_UPLOAD_BYTES,
  type SiteChain,
  type SiteInfo,
  type SiteModel,
} from '../shared/site-info.js';
import { askNode, type SiteLocalChain, startSiteChain } from './chain.js';
import { type Answer, serve } from './http.js';
import { runCommand } from './make-build.js';
import { playScene } from './scene.js';

/** The fixtures that the pages offer, the quickest to make first. */
export const FIXTURE_MODELS = [
  { name: 'mnist-mlp', title: 'Digits, dense network', inputKind: 'digit' },
  { name: 'tabular', title: 'Cell nuclei, a table', inputKind: 'table' },
  { name: 'lenet5', title: 'Digits, LeNet-5', inputKind: 'digit' },
] as const satisfies readonly { readonly name: string; readonly title: string; readonly inputKind: InputKind }[];
export type FixtureName = (typeof FIXTURE_MODELS)[number]['name'];

export interface SiteOptions {
  /** Folder of the built pages; see `buildPages`. */
  readonly pages: string;
  /** Folder for builds, which are kept for the next time. */
  readonly data: string;
  /** 0: a free one. */
  readonly port: number;
  readonly models: readonly FixtureName[];
  /** Fills market and provenance ledger for the explorer. Needs `tabular` among the models. */
  readonly scene: boolean;
  readonly tell: (text: string) => void;
}

export interface Site {
  readonly url: string;
  /** Where the builds are, by name. */
  readonly data: string;
  readonly info: () => SiteInfo;
  /** When everything that was started in the beginning is done. */
  readonly ready: Promise<void>;
  readonly chain: SiteLocalChain;
  close(): Promise<void>;
}

/** Seconds that one step of a stranger's model may take. */
const TIME_LIMIT = 600;
/** Folder of the compiler that pages load; no build is called so, for their names have no dot. */
const COMPILER = 'compiler.web';
/** Models that may be uploaded; each leaves a build on this machine. */
const MOST_UPLOADS = 20;

/** Starts server and chain; models become ready one after the other. */
export async function startSite(options: SiteOptions): Promise<Site> {
  const { pages, data, tell } = options;
  await mkdir(data, { recursive: true });
  const chain = await startSiteChain();
  const closing = new AbortController();
  const models = new Map<string, SiteModel>();
  let ledger: Partial<SiteChain> = {};
  let compiler: string | undefined;
  const update = (name: string, change: Partial<SiteModel>): void => {
    models.set(name, { ...models.get(name)!, ...change });
  };
  const info = (): SiteInfo => ({
    models: [...models.values()],
    ...(compiler === undefined ? {} : { compiler }),
    chain: { chainId: chain.rpc.chainId, registry: chain.registry, attestations: chain.attestations, ...ledger },
  });

  /** Compiles, makes keys, exports, deploys, registers. What a build folder holds already is not made again. */
  const prepare = async (name: string, files: ModelFiles): Promise<void> => {
    const folder = join(data, name);
    const step = (note: string): void => update(name, { state: 'making', note });
    try {
      const known = await readManifest(folder).catch(() => undefined);
      const isSame = known?.modelHash === sha256([await readFile(files.onnx)]) && known.keys !== undefined;
      if (!isSame) {
        await rm(folder, { recursive: true, force: true });
        step('compiling the model to a circuit');
        const calibration = files.calibration === undefined ? [] : ['--calibration', files.calibration];
        const range = files.range === undefined ? [] : ['--input-range', files.range];
        const scores = files.labels !== undefined ? ['--labels', files.labels] : files.scores ? ['--scores'] : [];
        const compile = ['compile', files.onnx, '--out', folder, ...calibration, ...range, ...scores];
        await runCommand(compile, TIME_LIMIT, closing.signal);
        step('making keys');
        await runCommand(['setup', folder], TIME_LIMIT, closing.signal);
      }
      step('deploying its verifier');
      const [registered] = await Promise.all([chain.register(folder), exportWeb(folder, join(folder, 'web'))]);
      update(name, { state: 'ready', note: undefined, registered });
      tell(`${name} is ready: model ${registered.modelId}`);
    } catch (error) {
      if (closing.signal.aborted) return;
      update(name, { state: 'failed', note: (error as Error).message.slice(0, 600) });
      tell(`${name} failed: ${(error as Error).message}`);
    }
  };

  const chosen = FIXTURE_MODELS.filter(({ name }) => options.models.includes(name));
  for (const { name, title, inputKind } of chosen)
    models.set(name, { name, title, inputKind, state: 'waiting', examples: `/examples/${name}/rows.json` });

  let queue: Promise<unknown> = Promise.resolve();
  /** One model is made at a time: each takes all cores. */
  const enqueue = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = queue.then(work);
    queue = turn.catch(() => undefined);
    return turn;
  };

  let uploads = 0;
  const upload = async (body: Buffer<ArrayBuffer>, type: string): Promise<Answer> => {
    if (uploads >= MOST_UPLOADS)
      return { status: 429, body: { error: `${MOST_UPLOADS} models were uploaded; start the command again` } };
    let form: FormData;
    try {
      form = await new Response(body, { headers: { 'content-type': type } }).formData();
    } catch {
      return { status: 400, body: { error: 'a form with the file "model" is expected' } };
    }
    const [model, calibration, range] = ['model', 'calibration', 'range'].map((field) => form.get(field));
    if (!(model instanceof Blob)) return { status: 400, body: { error: 'the form has no file "model"' } };
    if (typeof range === 'string' && !/^-?[\d.e+-]{1,30},-?[\d.e+-]{1,30}$/.test(range))
      return { status: 400, body: { error: 'the range is two numbers with a comma between them' } };
    const name = `upload-${(uploads += 1)}`;
    const folder = join(data, 'uploads', name);
    await rm(join(data, name), { recursive: true, force: true });
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    const write = async (file: string, blob: Blob): Promise<string> => {
      await writeFile(join(folder, file), new Uint8Array(await blob.arrayBuffer()));
      return join(folder, file);
    };
    const onnx = await write('model.onnx', model);
    const rows =
      calibration instanceof Blob && calibration.size > 0 ? await write('calibration.json', calibration) : undefined;
    models.set(name, {
      name,
      title: model instanceof File ? model.name.slice(0, 60) : name,
      inputKind: 'values',
      state: 'waiting',
    });
    void enqueue(() =>
      prepare(name, {
        onnx,
        scores: form.get('scores') === 'on',
        ...(rows === undefined ? { range: typeof range === 'string' ? range : '0,1' } : { calibration: rows }),
      }),
    );
    return { status: 202, body: { name } };
  };

  const listening = await serve(
    {
      pages,
      folders: {
        builds: (name) => (models.get(name)?.state === 'ready' ? join(data, name, 'web') : undefined),
        compiler: (name) => (name === COMPILER && compiler !== undefined ? join(data, COMPILER) : undefined),
        examples: (name) => (models.has(name) ? join(data, 'examples', name) : undefined),
      },
      get: { '/site.json': info },
      post: {
        '/rpc': { most: 2 ** 20, answer: async (body) => ({ status: 200, body: await askNode(chain.url, body) }) },
        '/models': {
          most: MOST_UPLOAD_BYTES,
          answer: (body, { headers }) => upload(body, headers['content-type'] ?? ''),
        },
      },
    },
    options.port,
  ).catch(async (error: unknown) => {
    await chain.close();
    throw error;
  });

  const start = async (): Promise<void> => {
    await exportCompiler(join(data, COMPILER)).then(
      () => (compiler = `/compiler/${COMPILER}/`),
      (error: unknown) => tell(`pages cannot compile: ${(error as Error).message}`),
    );
    for (const { name } of chosen) {
      await writeExamples(name, join(data, 'examples', name));
      const calibration = fixturePath(name, 'calibration.json');
      const labels = await writeLabels(name, join(data, 'examples', name));
      await enqueue(() => prepare(name, { onnx: fixturePath(name, 'model.onnx'), calibration, scores: true, labels }));
    }
    const { registered } = models.get('tabular') ?? {};
    if (!options.scene || registered === undefined || closing.signal.aborted) return;
    try {
      ledger = await playScene(chain, join(data, 'tabular'), registered);
    } catch (error) {
      if (!closing.signal.aborted) tell(`the explorer has no market to show: ${(error as Error).message}`);
    }
  };
  return {
    url: listening.url,
    data,
    info,
    ready: start(),
    chain,
    close: async () => {
      closing.abort();
      await listening.close();
      await chain.close();
    },
  };
}

interface ModelFiles {
  readonly onnx: string;
  readonly calibration?: string;
  readonly range?: string;
  readonly scores: boolean;
  /** Names of the classes, one a line. */
  readonly labels?: string;
}

/** What the classes of a fixture are called, where that is more than their numbers. */
const LABELS: Readonly<Partial<Record<FixtureName, readonly string[]>>> = { tabular: ['malignant', 'benign'] };

async function writeLabels(name: FixtureName, folder: string): Promise<string | undefined> {
  const labels = LABELS[name];
  if (labels === undefined) return undefined;
  const path = join(folder, 'labels.txt');
  await writeFile(path, labels.join('\n'));
  return path;
}

/** Rows of the fixture that nothing was fitted to come first. */
async function writeExamples(name: FixtureName, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  if (name === 'tabular') return void (await cp(fixturePath(name, 'samples.json'), join(folder, 'rows.json')));
  const rows = async (file: string): Promise<unknown[]> =>
    (JSON.parse(await readFile(fixturePath(name, file), 'utf8')) as { input_data: unknown[] }).input_data;
  const [own, others] = await Promise.all([rows('input.json'), rows('calibration.json')]);
  const spread = others.filter((_, i) => i % 9 === 4);
  await writeFile(join(folder, 'rows.json'), JSON.stringify({ input_data: [...own, ...spread] }));
}
