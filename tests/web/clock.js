// A clock and timers that go off when the test says so.

/** Lets everything that can go on go on. */
export const settle = () => new Promise((resolve) => setImmediate(resolve));

export function clock() {
    let now = 0;
    let timers = [];
    return {
        now: () => now,
        setTimer: (milliseconds, then) => {
            const timer = { at: now + milliseconds, then };
            timers.push(timer);
            return () => {
                timers = timers.filter((other) => other !== timer);
            };
        },
        pass: async (milliseconds) => {
            now += milliseconds;
            const due = timers.filter(({ at }) => at <= now);
            timers = timers.filter(({ at }) => at > now);
            for (const { then } of due) {
                then();
            }
            await settle();
        },
        pending: () => timers.length,
    };
}
