import { strict as assert } from "node:assert";
import type { FaultCommand } from "../fault-store.ts";
import { notApplicable } from "../suite.ts";
import { rejects } from "../rejects.ts";
import {
  change,
  KEY,
  load,
  LONG_MS,
  message,
  plain,
  range,
  sequencesOf,
  settle,
  textsOf,
} from "./helpers.ts";
import type { SessionCase, SessionSubject } from "./subject.ts";

const { appName, userId } = KEY;

/** What a lost reply or a refusal leaves behind. */
export const faultCases: readonly SessionCase[] = [
  {
    key: "lost-reply-create",
    title: "a creation whose reply was lost succeeds, as one creation",
    level: "faults",
    async run(subject) {
      const service = await subject.open();
      faultsOf(subject).loseReply("create");
      const state = { a: 1, "user:u": 1 };
      const session = await settle(subject, service.createSession({ ...KEY, state }));
      assert.equal((await load(service)).incarnation, session.incarnation);
      assert.deepEqual(plain(session.state), state);
      await rejects(service.createSession(KEY), "SESSION_ALREADY_EXISTS");
    },
  },
  {
    key: "lost-reply-append",
    title: "an append whose reply was lost, each time, is stored once and its state applied once",
    level: "faults",
    async run(subject) {
      const service = await subject.open();
      const session = await service.createSession(KEY);
      for (const n of range(1, 5)) {
        faultsOf(subject).loseReply("append", n % 2 === 0 ? 2 : 1);
        const event = change(`m${n}`, { [`k${n}`]: n });
        const stored = await settle(subject, service.appendEvent({ session, event }));
        assert.equal(stored.sequence, n);
      }
      assert.deepEqual(sequencesOf(session.events), range(1, 5));
      assert.deepEqual(plain(session), plain(await load(service)));
    },
  },
  {
    key: "lost-reply-append-expected",
    title: "an append with an expected sequence whose reply was lost is not a conflict",
    level: "faults",
    async run(subject) {
      const service = await subject.open();
      const session = await service.createSession(KEY);
      faultsOf(subject).loseReply("append");
      const append = service.appendEvent({ session, event: message("m"), expectedLastSequence: 0 });
      assert.equal((await settle(subject, append)).sequence, 1);
      assert.equal((await load(service)).lastSequence, 1);
    },
  },
  {
    key: "lost-reply-lease",
    title: "a lease whose grant was lost is held by its caller, without another attempt",
    level: "faults",
    async run(subject) {
      const service = await subject.open();
      await service.createSession(KEY);
      const faults = faultsOf(subject);
      const owner = { owner: "o", ttlMs: LONG_MS };
      const first = await service.openSession({ ...KEY, ...owner });
      const header = { invocationId: "e-1" };
      await service.appendEvent({ ...first, event: message("m"), header });
      faults.loseReply("lease");
      await settle(subject, first.lease.release());
      faults.loseReply("lease");
      const second = await settle(subject, service.acquireLease({ ...KEY, ...owner }));
      assert.equal(second.attempt, 2);
      await second.release();
      faults.loseReply("open");
      faults.loseReply("lease");
      const third = await settle(subject, service.openSession({ ...KEY, ...owner }));
      assert.equal(third.lease.attempt, 3);
      assert.deepEqual(textsOf(third.session.events), ["m"]);
      faults.loseReply("lease");
      await settle(subject, third.lease.renew());
      assert.equal(third.lease.lost.aborted, false);
      await settle(subject, third.lease.release({ ended: "e-1" }));
    },
  },
  {
    key: "lost-reply-rest",
    title: "updates, forks, cancels and deletions whose reply was lost succeed",
    level: "faults",
    async run(subject) {
      const service = await subject.open();
      const faults = faultsOf(subject);
      await service.createSession(KEY);
      faults.loseReply("update");
      await settle(subject, service.updateSession({ ...KEY, title: "t" }));
      assert.equal((await load(service)).title, "t");
      faults.loseReply("create");
      await settle(subject, service.forkSession({ ...KEY, atSequence: 0, newSessionId: "fork" }));
      assert.ok(await service.getSession({ ...KEY, sessionId: "fork" }));
      const opened = await service.openSession({ ...KEY, owner: "o", ttlMs: LONG_MS });
      const header = { invocationId: "e-1" };
      await service.appendEvent({ ...opened, event: message("m"), header });
      faults.loseReply("update");
      const cancel = service.requestCancel({ ...KEY, invocationId: "e-1" });
      assert.equal(await settle(subject, cancel), true);
      faults.loseReply("erase");
      await settle(subject, service.deleteSession(KEY));
      assert.equal(await service.getSession(KEY), undefined);
      faults.loseReply("erase");
      await settle(subject, service.deleteUser({ appName, userId }));
      assert.equal(await service.getSession({ ...KEY, sessionId: "fork" }), undefined);
    },
  },
  {
    key: "refused-then-served",
    title: "what the store refused for a moment is repeated and succeeds",
    level: "faults",
    async run(subject) {
      const service = await subject.open();
      const faults = faultsOf(subject);
      faults.refuse("create");
      const session = await settle(subject, service.createSession(KEY));
      faults.refuse("append", 2);
      await settle(subject, service.appendEvent({ session, event: message("m") }));
      for (const command of ["read", "list"] as const) faults.refuse(command);
      const found = await settle(subject, load(service));
      assert.deepEqual(textsOf(found.events), ["m"]);
      const listed = await settle(subject, service.listSessions({ appName }));
      assert.equal(listed.sessions.length, 1);
    },
  },
  {
    key: "unreachable-is-an-error",
    title:
      "a store that stays unreachable is UNAVAILABLE, never an empty answer, and says what became of a write",
    level: "faults",
    async run(subject) {
      const service = await subject.open();
      const faults = faultsOf(subject);
      const session = await service.createSession(KEY);
      const down = async (
        command: FaultCommand,
        call: () => Promise<unknown>,
      ): Promise<unknown> => {
        faults.refuse(command, 100);
        const error = await settle(subject, rejects(call(), "UNAVAILABLE", "TIMEOUT"));
        assert.equal(error.retryable, true);
        faults.heal();
        return error.details["committed"];
      };
      await down("read", async () => await service.getSession(KEY));
      await down("list", async () => await service.listSessions({ appName }));
      const event = change("m", { a: 1 });
      const append = async (): Promise<unknown> => await service.appendEvent({ session, event });
      assert.equal(await down("append", append), false);
      assert.equal((await load(service)).lastSequence, 0);
      assert.equal(session.lastSequence, 0);
      faults.loseReply("append");
      assert.equal(await down("append", append), "unknown");
      assert.equal(session.lastSequence, 0, "the handle knows only what was confirmed");
      assert.equal((await load(service)).lastSequence, 1);
      await service.appendEvent({ session, event });
      assert.deepEqual(plain(session), plain(await load(service)), "repeating it resolves it");
    },
  },
];

function faultsOf(subject: SessionSubject): NonNullable<SessionSubject["faults"]> {
  if (!subject.faults) notApplicable("The subject has no faults.");
  return subject.faults;
}
