// A hook of s.yaml, after the function is deployed: `s` prints all that the component returns, the environment with it.
module.exports = async (inputs) => {
    const environment = inputs.output?.environmentVariables;
    if (environment?.JWT_SECRET) {
        environment.JWT_SECRET = "(hidden)";
    }
    return inputs;
};
