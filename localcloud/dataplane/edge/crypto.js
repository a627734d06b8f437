// The crypto module of CloudFront functions, as far as it is modelled: createHash('sha256').update(text).digest('hex').
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/functions-javascript-runtime-20.html
// SHA-256: https://csrc.nist.gov/pubs/fips/180-4/upd1/final . V8 has no hashes of its own; the constants are computed as the
// standard defines them.
const localcloudCrypto = (() => {
  const primes = [];
  for (let n = 2; primes.length < 64; n++) if (!primes.some((prime) => n % prime === 0)) primes.push(n);
  // The first 32 bits of the fractional part, in integers: a double has too few digits to be trusted with cube roots.
  const fraction = (n, power) => {
    const wanted = BigInt(n) << BigInt(32 * power);
    let low = 0n;
    let high = 1n << 40n;
    while (high - low > 1n) {
      const middle = (low + high) >> 1n;
      if (middle ** BigInt(power) <= wanted) low = middle;
      else high = middle;
    }
    return Number(low & 0xffffffffn);
  };
  const INITIAL = primes.slice(0, 8).map((prime) => fraction(prime, 2));
  const K = primes.map((prime) => fraction(prime, 3));
  const rotate = (x, n) => (x >>> n) | (x << (32 - n));

  function padded(bytes) {
    const blocks = Math.ceil((bytes.length + 9) / 64);
    const data = new Uint8Array(blocks * 64);
    data.set(bytes);
    data[bytes.length] = 0x80;
    const view = new DataView(data.buffer);
    view.setUint32(data.length - 8, Math.floor((bytes.length * 8) / 2 ** 32));
    view.setUint32(data.length - 4, (bytes.length * 8) >>> 0);
    return view;
  }

  function block(state, view, offset) {
    const w = [];
    for (let i = 0; i < 64; i++) {
      if (i < 16) {
        w[i] = view.getUint32(offset + 4 * i);
      } else {
        const s0 = rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ (w[i - 15] >>> 3);
        const s1 = rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ (w[i - 2] >>> 10);
        w[i] = (w[i - 16] + s0 + w[i - 7] + s1) | 0;
      }
    }
    let [a, b, c, d, e, f, g, h] = state;
    for (let i = 0; i < 64; i++) {
      const t1 = (h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & f) ^ (~e & g)) + K[i] + w[i]) | 0;
      const t2 = ((rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + t1) | 0, c, b, a, (t1 + t2) | 0];
    }
    [a, b, c, d, e, f, g, h].forEach((value, i) => (state[i] = (state[i] + value) | 0));
  }

  function utf8(text) {
    return Uint8Array.from(unescape(encodeURIComponent(text)), (character) => character.charCodeAt(0));
  }

  function createHash(algorithm) {
    if (algorithm !== 'sha256') throw new Error('crypto: ' + algorithm + ' is not modelled by localcloud');
    let text = '';
    const hash = {
      update(data) {
        if (typeof data !== 'string') throw new Error('crypto: update of anything but a string is not modelled by localcloud');
        text += data;
        return hash;
      },
      digest(encoding) {
        if (encoding !== 'hex') throw new Error('crypto: digest as ' + encoding + ' is not modelled by localcloud');
        const view = padded(utf8(text));
        const state = INITIAL.slice();
        for (let offset = 0; offset < view.byteLength; offset += 64) block(state, view, offset);
        return state.map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
      },
    };
    return hash;
  }

  const unmodelled = (name) => () => {
    throw new Error('crypto: ' + name + ' is not modelled by localcloud');
  };
  return { createHash, createHmac: unmodelled('createHmac') };
})();
