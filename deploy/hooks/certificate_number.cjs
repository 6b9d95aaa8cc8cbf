// A hook of s.yaml, before the function is deployed: OSS has 1234567-cn-hangzhou where Function Compute has 1234567.
module.exports = async (inputs) => {
    const { certConfig } = inputs.props.customDomain ?? {};
    if (certConfig) {
        [certConfig.certId] = String(certConfig.certId).split("-");
    }
    return inputs;
};
