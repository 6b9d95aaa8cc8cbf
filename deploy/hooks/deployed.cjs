// A hook of s.yaml, after a function is deployed: if the deployer has answered no, the component returns nothing.
module.exports = async (inputs) => {
    if (Object.keys(inputs.output ?? {}).length === 0) {
        const { name } = inputs.resource;
        throw new Error(
            `${name} was not deployed, and nothing after it: you answered no. Run it again, with -y for all.`,
        );
    }
    return inputs;
};
