/**
 * What an audit established: the report that `zkinfer audit --json` printed, opened from the reader's own disk. A report
 * is a claim of whoever made it, and is shown as that.
 */
import { fill, h, note, oneLine, problem } from '../common/dom.js';
import { isVerdict, type Verdict, verdictTag } from './verdicts.js';

interface Finding {
  readonly subject: string;
  readonly verdict: Verdict;
  readonly detail: string;
}

const MOST_BYTES = 2 ** 20;
const MOST_FINDINGS = 200;

export function auditReport(): HTMLElement {
  const result = h('div', {});
  const file = h('input', { type: 'file' });
  file.accept = 'application/json,.json';
  file.addEventListener('change', () => {
    const [chosen] = file.files ?? [];
    if (chosen === undefined) return;
    readReport(chosen)
      .then((findings) => fill(result, showFindings(findings)))
      .catch((error: unknown) => fill(result, note('bad', problem(error))));
  });
  return h(
    'details',
    {},
    h('summary', {}, 'What an audit established'),
    h(
      'p',
      { class: 'soft small' },
      'Open the report of ',
      h('code', {}, 'zkinfer audit BUILD --onnx FILE --rpc URL --json'),
      '. It is read here and says what its maker claims; make it yourself to know.',
    ),
    h('label', {}, h('span', {}, 'Report (JSON)'), file),
    result,
  );
}

async function readReport(file: File): Promise<Finding[]> {
  if (file.size > MOST_BYTES) throw new Error('the file is larger than any report');
  let parsed: unknown;
  try {
    parsed = JSON.parse(await file.text());
  } catch {
    throw new Error('the file is not JSON; give what zkinfer audit --json printed');
  }
  const findings = (parsed as { findings?: unknown } | null)?.findings;
  if (!Array.isArray(findings) || !findings.every(isFinding))
    throw new Error('the file has no findings; give what zkinfer audit --json printed');
  return findings.slice(0, MOST_FINDINGS);
}

function isFinding(value: unknown): value is Finding {
  if (typeof value !== 'object' || value === null) return false;
  const { subject, verdict, detail } = value as Record<string, unknown>;
  return typeof subject === 'string' && typeof detail === 'string' && typeof verdict === 'string' && isVerdict(verdict);
}

function showFindings(findings: readonly Finding[]): HTMLElement {
  return h(
    'ul',
    { class: 'checks' },
    ...findings.map(({ subject, verdict, detail }) =>
      h('li', {}, verdictTag(verdict), h('span', {}, h('b', {}, oneLine(subject)), ': ', oneLine(detail, 600))),
    ),
  );
}
