// A hook of s.yaml: runs Python modules of deploy/hooks (deploy/hooks/steps.py) with the deployer's credentials, in the
// variables that the vendor's SDKs read. If one fails, what it prints on stderr stops the command.
const { spawnSync } = require("node:child_process");
const { dirname, join } = require("node:path");

const project = dirname(dirname(__dirname));

module.exports = async (inputs, args) => {
    if (!inputs.credential && !inputs.getCredential) {
        return inputs; // A hook before the first component has failed: nothing was done that this one could look at.
    }
    const credential = inputs.credential ?? (await inputs.getCredential());
    const env = {
        ...process.env,
        OSS_ACCESS_KEY_ID: credential.AccessKeyID ?? "",
        OSS_ACCESS_KEY_SECRET: credential.AccessKeySecret ?? "",
        OSS_SESSION_TOKEN: credential.SecurityToken ?? "",
    };
    run(join(project, "tools", "setup.sh"), ["run"], {});
    const python = join(project, ".venv", "default", "bin", "python");
    run(python, ["-I", join(project, "tools", "run.py"), "deploy.hooks.steps"], {
        env,
        input: JSON.stringify(args.steps),
    });
    return inputs;
};

function run(command, words, options) {
    const done = spawnSync(command, words, {
        ...options,
        cwd: project,
        encoding: "utf8",
        stdio: [options.input ? "pipe" : "ignore", "inherit", "pipe"],
    });
    if (done.status !== 0) {
        throw new Error(done.stderr?.trim() || done.error?.message || `${command} ${words.join(" ")} failed`);
    }
    process.stderr.write(done.stderr);
}
