/** `audit` of a circom program: which of its signals are not shown to be determined by its inputs, and why. */
import { compileProgram, type ProgramOptions } from '../circom/compile-program.js';
import { UsageError } from '../errors.js';
import type { Interval } from '../determinism/analyse.js';
import { analyseSystem, type Limits, type OpenWire } from '../determinism/system.js';
import { describeRow } from '../determinism/describe.js';

export interface AuditCircomOptions extends ProgramOptions, Limits {
  /** What inputs may be, by signal: `in` is every element of an array of that name. Others may be any field element. */
  readonly ranges?: Readonly<Record<string, Interval>>;
}

export interface OpenSignal extends OpenWire {
  readonly signal: string;
  readonly isOutput: boolean;
  /** In words, with the signals' names. */
  readonly reason: string;
}

export interface CircomAudit {
  readonly file: string;
  readonly constraints: number;
  readonly signals: number;
  readonly inputs: number;
  /** Every wire is determined by the inputs. */
  readonly determined: boolean;
  readonly open: readonly OpenSignal[];
}

/** @throws CircomError, UsageError for a range of what is no input */
export async function auditCircom(file: string, options: AuditCircomOptions = {}): Promise<CircomAudit> {
  const { system, signals } = await compileProgram(file, options);
  const first = 1 + system.publicOutputCount;
  const inputs = signals.slice(first, first + system.publicInputCount + system.privateInputCount);
  const ranges = options.ranges ?? {};
  const rangeOf = (signal: string): Interval | undefined => ranges[signal] ?? ranges[signal.replace(/[[.].*$/, '')];
  for (const name of Object.keys(ranges)) {
    if (!inputs.some((signal) => signal === name || signal.replace(/[[.].*$/, '') === name)) {
      throw new UsageError(
        `${file} has no input ${name} to be given a range; it has ${inputs.slice(0, 12).join(', ') || 'none'}`,
      );
    }
  }
  const report = analyseSystem(system, inputs.map(rangeOf), options);
  const open = report.open.map((one): OpenSignal => ({
    ...one,
    signal: signals[one.wire],
    isOutput: one.wire < first,
    reason: reasonOf(one, (row) => describeRow(system, row, signals)),
  }));
  return {
    file,
    constraints: report.rows,
    signals: report.wires - 1,
    inputs: inputs.length,
    determined: open.length === 0,
    open,
  };
}

function reasonOf({ why, rows, pieceRows }: OpenWire, describe: (row: number) => string): string {
  switch (why) {
    case 'unconstrained':
      return 'no constraint contains it: it is only assigned, and may be anything';
    case 'undetermined':
      return `the constraints that contain it are not shown to leave one value: ${rows.map(describe).join('; ')}`;
    case 'too large':
      return `it stands among ${pieceRows} constraints with too many cases to be looked at; nothing is known of it`;
  }
}
