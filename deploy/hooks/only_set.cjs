// A hook of s.yaml, before a function is deployed: settings that are not set do not go into its environment.
module.exports = async (inputs) => {
    const all = Object.entries(inputs.props.environmentVariables);
    inputs.props.environmentVariables = Object.fromEntries(all.filter(([, text]) => text !== ""));
    return inputs;
};
