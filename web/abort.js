// Waiting that ends when it is aborted, even if what is awaited never ends.

/** Settles as the promise does, or rejects with the signal's reason. @template T @param {Promise<T>} promise @param {AbortSignal} signal @returns {Promise<T>} */
export function untilAborted(promise, signal) {
    return new Promise((resolve, reject) => {
        const abort = () => reject(signal.reason);
        signal.addEventListener("abort", abort);
        signal.aborted && abort();
        promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
    });
}
