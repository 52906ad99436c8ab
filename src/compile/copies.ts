/**
 * Circuits that stand in another many times. A copy has the rows of the first, over wires of its own: its results and
 * its codes are wires of the border, the rest comes after all of that. So nothing is compiled or held more than once,
 * whatever the number of copies.
 *
 * The wires: one, public outputs, public inputs, private inputs (the codes of copy 0, of copy 1, ..., then salts), the
 * results of copy 0, of copy 1, ..., what else the border has; then what else copy 0 has, copy 1, ...
 *
 * The trap: copies share the constant wire and nothing else. A row of one copy that spoke of another's wire would let
 * a row of the batch decide about another.
 */
import { CoefficientTable } from '../r1cs/builder.js';
import type { ConstraintSource, R1cs, SparseMatrix } from '../r1cs/types.js';
import type { LayerCost, Linked } from './link.js';
import type { NetlistCopies } from './netlist.js';
import type { PlanCopies, WitnessPlan } from './witness-plan.js';

/** Where the wires of each copy lie. */
export interface CopyLayout {
  /** Counts of one copy's wires: results, codes, and the others but the constant. */
  readonly results: number;
  readonly codes: number;
  readonly rest: number;
  /** The first wire of copy 0 of each kind. */
  readonly firstResult: number;
  readonly firstCode: number;
  readonly firstRest: number;
}

type OuterCounts = Pick<WitnessPlan, 'wireCount' | 'publicOutputCount' | 'publicInputCount' | 'privateInputCount'>;

/** `outer`: the whole circuit, the wires of copies among its own. */
export function layoutOf(outer: OuterCounts, { count, body }: PlanCopies): CopyLayout {
  const { publicOutputCount: results, privateInputCount: codes } = body;
  const rest = body.wireCount - 1 - results - codes;
  const firstCode = 1 + outer.publicOutputCount + outer.publicInputCount;
  return {
    results,
    codes,
    rest,
    firstResult: firstCode + outer.privateInputCount,
    firstCode,
    firstRest: outer.wireCount - count * rest,
  };
}

/** Whether the wires of the copies are wires of the plan, each kind before the next. */
export function hasRoom(outer: OuterCounts, copies: PlanCopies): boolean {
  const { count, body } = copies;
  const { results, codes, rest, firstResult, firstRest } = layoutOf(outer, copies);
  return (
    body.publicInputCount === 0 &&
    rest >= 0 &&
    count * codes <= outer.privateInputCount &&
    firstResult + count * results <= firstRest
  );
}

/** Wires of one copy that follow each other in the whole circuit, too. */
interface WireRun {
  /** First wire in the copy, and in the whole circuit. */
  readonly from: number;
  readonly to: number;
  readonly length: number;
}

/** All wires of a copy but the constant. */
export function runsOfCopy(
  { results, codes, rest, firstResult, firstCode, firstRest }: CopyLayout,
  copy: number,
): readonly WireRun[] {
  return [
    { from: 1, to: firstResult + copy * results, length: results },
    { from: 1 + results, to: firstCode + copy * codes, length: codes },
    { from: 1 + results + codes, to: firstRest + copy * rest, length: rest },
  ];
}

/** The wire of the whole circuit that a copy's wire is. */
export function wireOfCopy(
  { results, codes, rest, firstResult, firstCode, firstRest }: CopyLayout,
  copy: number,
  wire: number,
): number {
  if (wire === 0) return 0;
  if (wire <= results) return firstResult + copy * results + wire - 1;
  if (wire <= results + codes) return firstCode + copy * codes + wire - 1 - results;
  return firstRest + copy * rest + wire - 1 - results - codes;
}

/** The border and the copies as one circuit. `outer` was linked with wires for the copies' results. */
export function linkCopies(
  outer: Linked,
  body: Linked,
  { count, layersBefore }: Pick<NetlistCopies, 'count' | 'layersBefore'>,
): Linked {
  const copies = { count, body: body.plan };
  const { publicOutputCount: results, privateInputCount: codes, wireCount } = body.plan;
  const plan = { ...outer.plan, copies, wireCount: outer.plan.wireCount + count * (wireCount - 1 - results - codes) };
  return {
    constraints: new CopiedConstraints(outer.constraints, body.constraints, plan, copies),
    plan,
    layers: layersOf(outer.layers, body.layers, { count, layersBefore }),
  };
}

/** In the order of one circuit: the copies' first layer is the border's (range checks), the last belongs to the outputs. */
function layersOf(
  outer: readonly LayerCost[],
  body: readonly LayerCost[],
  { count, layersBefore }: Pick<NetlistCopies, 'count' | 'layersBefore'>,
): LayerCost[] {
  const [checks, ...others] = body.map(({ name, constraints }) => ({ name, constraints: count * constraints }));
  const results = others[others.length - 1];
  const [output, ...after] = outer.slice(layersBefore);
  return [
    checks,
    ...outer.slice(0, layersBefore),
    ...others.slice(0, -1),
    { ...output, constraints: output.constraints + results.constraints },
    ...after,
  ];
}

/** The border's constraints, then those of the copies: each batch of rows is written once, and read for every copy. */
class CopiedConstraints implements ConstraintSource {
  readonly constraintCount: number;
  readonly wireCount: number;
  readonly publicOutputCount: number;
  readonly publicInputCount: number;
  readonly privateInputCount: number;
  private readonly layout: CopyLayout;

  constructor(
    private readonly outer: ConstraintSource,
    private readonly body: ConstraintSource,
    whole: OuterCounts,
    private readonly copies: PlanCopies,
  ) {
    this.layout = layoutOf(whole, copies);
    this.constraintCount = outer.constraintCount + copies.count * body.constraintCount;
    ({
      wireCount: this.wireCount,
      publicOutputCount: this.publicOutputCount,
      publicInputCount: this.publicInputCount,
      privateInputCount: this.privateInputCount,
    } = whole);
  }

  get nonZeros(): number {
    return this.outer.nonZeros + this.copies.count * this.body.nonZeros;
  }

  *batches(): Generator<R1cs> {
    const { wireCount, publicOutputCount, publicInputCount, privateInputCount, layout } = this;
    const counts = { wireCount, publicOutputCount, publicInputCount, privateInputCount };
    // One dictionary for border and copies: what reads batches keeps the places of coefficients.
    const table = new CoefficientTable();
    const idsOf = ({ coefficients }: R1cs): Uint32Array => Uint32Array.from(coefficients, (value) => table.idOf(value));
    for (const batch of this.outer.batches()) {
      const ids = idsOf(batch);
      const [a, b, c] = [batch.a, batch.b, batch.c].map((matrix) => new MovedMatrix(matrix, ids).view());
      yield { ...batch, ...counts, a, b, c, coefficients: table.values };
    }
    for (const batch of this.body.batches()) {
      const ids = idsOf(batch);
      const moved = [batch.a, batch.b, batch.c].map((matrix) => new MovedMatrix(matrix, ids));
      for (let copy = 0; copy < this.copies.count; copy += 1) {
        const [a, b, c] = moved.map((matrix) => matrix.move(layout, copy));
        yield { ...batch, ...counts, a, b, c, coefficients: table.values };
      }
    }
  }
}

/** A matrix with other places of its coefficients, and with the wires of a copy. */
class MovedMatrix {
  private readonly values: Uint32Array;
  private readonly wires: Uint32Array;

  constructor(
    private readonly matrix: SparseMatrix,
    ids: Uint32Array,
  ) {
    const count = matrix.offsets[matrix.offsets.length - 1];
    this.values = new Uint32Array(count);
    for (let k = 0; k < count; k += 1) this.values[k] = ids[matrix.values[k]];
    this.wires = matrix.wires.slice(0, count);
  }

  view(): SparseMatrix {
    return { offsets: this.matrix.offsets, wires: this.wires, values: this.values };
  }

  /** The rows over a copy's wires, in memory that the next call uses again. */
  move(layout: CopyLayout, copy: number): SparseMatrix {
    const { wires, matrix } = this;
    const { results, codes } = layout;
    const [toResult, toCode, toRest] = runsOfCopy(layout, copy).map(({ from, to }) => to - from);
    for (let k = 0; k < wires.length; k += 1) {
      const wire = matrix.wires[k];
      if (wire > results + codes) wires[k] = wire + toRest;
      else if (wire > results) wires[k] = wire + toCode;
      else wires[k] = wire === 0 ? 0 : wire + toResult;
    }
    return this.view();
  }
}
