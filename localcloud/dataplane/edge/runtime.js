// The surroundings of a CloudFront function (cloudfront-js-2.0), evaluated once before its code.
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/functions-javascript-runtime-20.html
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/functions-custom-methods.html
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/helper-functions-origin-modification.html
(() => {
  const state = { store: null, storeId: null, origin: [], logs: [], answer: null, now: 0, reads: {} };

  // "Time stands still": Date gives the time at which the run began.
  const RealDate = Date;
  globalThis.Date = class extends RealDate {
    constructor(...parts) { parts.length ? super(...parts) : super(Date.now()); }
    static now() { state.reads.time = true; return state.now; }
  };
  const random = Math.random;
  Math.random = () => { state.reads.chance = true; return random(); };

  // What differs from request to request is given as a value that says when it was read: other requests may share the answer of a
  // run that never looked (function_runs.py).
  const watched = (object, name, read) => {
    let value = object[name];
    Object.defineProperty(object, name, {
      enumerable: true,
      configurable: true,
      get() { state.reads[read] = true; return value; },
      set(changed) { value = changed; },
    });
  };

  const convert = (text, options) => {
    const format = (options && options.format) || 'string';
    if (format === 'json') return JSON.parse(text);
    if (format === 'string') return text;
    throw new Error('KeyValueStore format ' + format + ' is not modelled by localcloud');
  };

  const store = {
    async get(key, options) {
      if (!Object.hasOwn(state.store, key)) throw new Error('KeyNotFound: ' + key);
      return convert(state.store[key], options);
    },
    async exists(key) { return Object.hasOwn(state.store, key); },
    async count() { return Object.keys(state.store).length; },
    async meta() {
      return { keyCount: Object.keys(state.store).length, creationDateTime: null, lastUpdatedDateTime: null };
    },
  };

  const viewerRequestOnly = (name) => {
    if (state.eventType !== 'viewer-request') throw new Error(name + ' works in viewer-request functions only');
  };

  const cloudfront = {
    // Called at the module's top level too: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/functions-tutorial-kvs.html
    kvs(id) {
      if (id !== undefined && id !== state.storeId) throw new Error('no key value store ' + id + ' is associated with this function');
      if (state.storeId === null) throw new Error('no key value store is associated with this function');
      return store;
    },
    updateRequestOrigin(settings) {
      viewerRequestOnly('updateRequestOrigin');
      state.origin.push({ kind: 'update', settings });
    },
    selectRequestOriginById(originId, settings) {
      viewerRequestOnly('selectRequestOriginById');
      state.origin.push({ kind: 'select', originId, settings: settings || {} });
    },
    createRequestOriginGroup(settings) {
      viewerRequestOnly('createRequestOriginGroup');
      state.origin.push({ kind: 'group', settings });
    },
  };

  const log = (...values) => {
    state.logs.push(values.map((value) => (typeof value === 'string' ? value : JSON.stringify(value))).join(' '));
  };
  globalThis.console = { log, error: log, warn: log, info: log };

  globalThis.__localcloud = {
    modules: { cloudfront, crypto: localcloudCrypto },
    associate(id) { state.storeId = id; },
    // The module's constants: a run that has changed one is a run that the next may depend on.
    // A function's own properties are state too.
    state() {
      const shown = (_, value) => (typeof value === 'function' ? Object.assign({}, value) : value);
      return globalThis.__constants ? JSON.stringify(globalThis.__constants(), shown) : null;
    },
    setStore(json) { state.store = JSON.parse(json); },
    start(eventJson, now) {
      Object.assign(state, { origin: [], logs: [], answer: null, now, reads: {} });
      const before = this.state();
      const event = JSON.parse(eventJson);
      state.eventType = event.context.eventType;
      // A method of the request, so it is no part of the event's JSON:
      // https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/general-helper-methods.html
      const rawQuery = event.rawQueryString;
      delete event.rawQueryString;
      event.request.rawQueryString = () => rawQuery;
      watched(event.context, 'requestId', 'id');
      watched(event.viewer, 'ip', 'address');
      const settle = (answer) => {
        const isUnchanged = before !== null && before === this.state();
        const reads = Object.keys(state.reads);
        state.answer = JSON.stringify(Object.assign(answer, { origin: state.origin, logs: state.logs, reads, isUnchanged }));
      };
      const fail = (error) => settle({ error: String((error && error.stack) || error) });
      try {
        const answer = globalThis.__handler(event);
        Promise.resolve(answer).then((result) => settle({ result: result === undefined ? null : result }), fail);
      } catch (error) {
        fail(error);
      }
    },
    answer() { return state.answer; },
  };
})();
