/** `npm run faults`: an operator killed 50 times over 100 requests, and again with proving machines behind Redis. Prints JSON. */
import { fixtureBuild } from './builds.js';
import { hasRedis, runFaults } from './faults.js';

const build = await fixtureBuild('tabular');
const say = (text: string): void => console.error(text);
const local = await runFaults(build, { requests: 100, kills: 50, reorgs: 10, hangs: 10, seed: 7, say });
console.log(JSON.stringify({ queue: 'in process', ...local }, null, 2));
if (hasRedis()) {
  const redis = await runFaults(build, { requests: 30, kills: 10, reorgs: 3, hangs: 3, redisRestarts: 5, seed: 8, say });
  console.log(JSON.stringify({ queue: 'Redis, two proving machines', ...redis }, null, 2));
} else {
  console.error('no redis-server on the PATH: the part with Redis is left out');
}
process.exit(0);
