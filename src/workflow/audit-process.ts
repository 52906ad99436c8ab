/**
 * An audit of a folder in a process of its own, started by `audit.ts`, which can kill it: neither a compiler in a loop
 * nor native code hears a signal. Speaks over Node's IPC channel; ends when its parent is gone.
 */
import { auditFolder, type AuditMessage, type AuditOptions, type FindingVerdict } from './audit.js';

const send = (message: AuditMessage): void => void process.send?.(message, undefined, undefined, () => undefined);

process.on('disconnect', () => process.exit(0));

process.once('message', ({ folder, options }: { readonly folder: string; readonly options: AuditOptions }) => {
  const say = (subject: string, verdict: FindingVerdict, detail: string): void =>
    send({ finding: { subject, verdict, detail } });
  auditFolder(folder, { ...options, onStage: (stage) => send({ stage }) }, say).then(
    () => process.send?.({ done: true } satisfies AuditMessage, () => process.exit(0)),
    (error: unknown) => {
      say('folder', 'failed', error instanceof Error ? error.message : String(error));
      process.send?.({ done: true } satisfies AuditMessage, () => process.exit(0));
    },
  );
});
