// Vue needs to know which elements are not its own.

import vue from "@vitejs/plugin-vue";

export default {
    plugins: [vue({ template: { compilerOptions: { isCustomElement: (name) => name === "oss-upload" } } })],
};
