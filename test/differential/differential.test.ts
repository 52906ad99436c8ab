/** The differential harness, small; `npm run differential` goes on for as long as is wanted. */
import assert from 'node:assert/strict';
import { compileGadgetsOf, emptyTally, KINDS, prepare, runCase, type Prepared } from './harness.js';

const CASES = 12;
const EFFORT = { inputs: 4, attempts: 60, cheats: 8 };

describe('random models', () => {
  for (const kind of KINDS) {
    it(`(${kind}) have circuits that compute what all references do, and no second witness is found`, async () => {
      const tally = emptyTally();
      const cases = Array.from({ length: CASES }, (_, i) => prepare(i + 1, kind)).filter(
        (prepared): prepared is Prepared => prepared !== undefined,
      );
      await compileGadgetsOf(cases);
      for (const prepared of cases) {
        try {
          await runCase(prepared, EFFORT, tally);
        } catch (error) {
          const again = `npm run differential -- --kind ${kind} --seed ${prepared.seed} --cases 1`;
          throw new Error(`case of kind ${kind}, seed ${prepared.seed}; repeat it with ${again}`, { cause: error });
        }
      }
      assert.ok(tally.cases >= CASES - 2 && tally.honestWitnesses > 10 * tally.cases && tally.cheatingPlans > 0);
      assert.equal(tally.sameCircuits, kind === 'onnx' ? tally.cases : 0);
    });
  }
});
