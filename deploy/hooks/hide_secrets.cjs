// A hook of s.yaml, after a function is deployed: `s` prints all that the component returns, the environment with it.
const SECRET = ["JWT_SECRET", "CALLBACK_SECRET", "MULTIPART_SECRET", "WEBHOOK_URL", "WEBHOOK_SECRET"];

module.exports = async (inputs) => {
    const environment = inputs.output?.environmentVariables ?? {};
    for (const name of SECRET) {
        if (environment[name]) {
            environment[name] = "(hidden)";
        }
    }
    return inputs;
};
