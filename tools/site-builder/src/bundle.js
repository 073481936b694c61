
// Parts that are in the bundle, each until it is asked for.
const bundle = new Map();
let isFirst = true;

function part(name) {
    const known = bundle.get(name);
    bundle.delete(name);
    return known ?? fetch(new URL(name, import.meta.url));
}

// The first function comes in one file; those after it share parts with it.
function bundled(name, sizes, load) {
    return () => {
        if (isFirst) {
            isFirst = false;
            unpack(name, sizes);
        }
        return load();
    };
}

// Hands out each part when its bytes are there, while those behind it are on their way.
function unpack(name, sizes) {
    const body = fetch(new URL(name, import.meta.url)).then((response) => {
        if (!response.ok) throw new Error(`${response.status}: ${name}`);
        return response.body.getReader();
    });
    const headers = { "content-type": "application/wasm" };
    let rest = new Uint8Array();
    const take = (size) => async () => {
        const reader = await body;
        const taken = new Uint8Array(size);
        let have = 0;
        while (have < size) {
            if (!rest.length) {
                const { done, value } = await reader.read();
                if (done) throw new Error(`cut off: ${name}`);
                rest = value;
            }
            const some = rest.subarray(0, size - have);
            taken.set(some, have);
            have += some.length;
            rest = rest.subarray(some.length);
        }
        return new Response(taken, { headers });
    };
    let before = Promise.resolve();
    for (const [name, size] of Object.entries(sizes)) {
        before = before.then(take(size));
        bundle.set(name, before);
    }
}
