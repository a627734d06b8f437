// Viewer-request function of one regional distribution (cloudfront-js-2.0). constructs_lib/router.py fills in CONFIG.
//
// 1. The active release comes from the KeyValueStore, key "routing": {"active": {"id", "base", "index", "chunks", "salt"},
//    "previous": the same, "canary": the same and "percent", "drained_regions": [...]}. /x becomes /releases/<layer>/x, and the
//    release's index says which layer: an object never changes under its key, so there is no invalidation and no mixed page.
//    scripts/release/index.py writes the index. /health and /errors are outside releases and keep their path.
// 2. The own region's bucket answers first and gets 4 s to start answering instead of S3's 30 s; when the own region is
//    drained, the other one goes first. The path check gets 1 s: Route 53 waits 2 s for a status, both buckets together.
// 3. Under a routing policy but failover, viewers of the public name get the region that the policy prefers for them first.
// Limits and API: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/helper-functions-origin-modification.html
import cf from 'cloudfront';
import crypto from 'crypto';

const CONFIG = /*CONFIG*/ {};

async function readRouting() {
  try {
    return JSON.parse(await cf.kvs().get('routing'));
  } catch (error) {
    return {}; // get throws on a missing key: nothing is published yet, nothing is drained
  }
}

// The cache key ignores the origin: the policy decides who fills the cache, not who answers each viewer (docs/ROUTING.md).
function chooseOrigins(drained, path, request) {
  const preferred = prefersOther(request) ? CONFIG.other : CONFIG.own;
  const spare = preferred === CONFIG.own ? CONFIG.other : CONFIG.own;
  const first = drained.includes(preferred) && !drained.includes(spare) ? spare : preferred;
  if (first === CONFIG.other) {
    cf.createRequestOriginGroup({
      originIds: [{ originId: CONFIG.origins[CONFIG.other] }, { originId: CONFIG.origins[CONFIG.own] }],
      failoverCriteria: { statusCodes: CONFIG.statusCodes },
    });
  } else {
    cf.updateRequestOrigin({ timeouts: path === CONFIG.checkPath ? CONFIG.checkTimeouts : CONFIG.timeouts });
  }
}

// A regional name always asks its own region first: health checks and operators mean that region.
function prefersOther(request) {
  const policy = CONFIG.policy;
  if (!policy || header(request, 'host').split(':')[0] !== policy.hostname) return false;
  if (policy.kind === 'weighted') return Math.random() < policy.otherShare;
  return policy.kind === 'latency' ? isNearerToOther(request, policy) : isPlacedAtOther(request, policy);
}

// Unit vectors from the centre of the earth: the larger dot product is the smaller distance. Without the headers it is NaN,
// which compares as false, so the own region goes first.
function isNearerToOther(request, policy) {
  const latitude = parseFloat(header(request, 'cloudfront-viewer-latitude')) * (Math.PI / 180);
  const longitude = parseFloat(header(request, 'cloudfront-viewer-longitude')) * (Math.PI / 180);
  const x = Math.cos(latitude) * Math.cos(longitude);
  const y = Math.cos(latitude) * Math.sin(longitude);
  const nearness = (v) => v[0] * x + v[1] * y + v[2] * Math.sin(latitude);
  return nearness(policy.otherPlace) > nearness(policy.ownPlace);
}

// The smallest area wins: a state of the US, then the country (continents are spelled out as countries), then the default.
function isPlacedAtOther(request, policy) {
  const country = header(request, 'cloudfront-viewer-country');
  const state = country + '-' + header(request, 'cloudfront-viewer-country-region');
  if (state in policy.states) return policy.states[state];
  const isElsewhere = country !== '' && policy.elsewhere.split(' ').includes(country);
  return isElsewhere !== policy.isOtherDefault;
}

function header(request, name) {
  return request.headers[name] ? request.headers[name].value : '';
}

// The same rules as resolve_path in regional_endpoint/handler.py: tests/contract/test_paths.py runs both on one table.
function indexDocument(uri) {
  if (uri.endsWith('/')) return uri + 'index.html';
  const last = uri.substring(uri.lastIndexOf('/') + 1);
  return last.includes('.') ? uri : uri + '/index.html';
}

function unpublished() {
  return {
    statusCode: 503,
    statusDescription: 'Service Unavailable',
    headers: { 'content-type': { value: 'text/plain; charset=utf-8' }, 'retry-after': { value: '30' } },
    body: 'Nothing is published yet: run failover sync-content.\n',
  };
}

// A share of the viewers gets the canary, by their address: a viewer stays with one release.
function releaseFor(routing, ip) {
  const canary = routing.canary;
  if (canary && firstNumber(sha256(canary.id + ':' + ip)) % 100 < canary.percent) return canary;
  return routing.active;
}

async function layerOf(release, path, routing) {
  if (!release.chunks) return release.base;
  const digest = sha256(release.salt + ':' + decoded(path));
  const key = 'index/' + release.index + '/' + (firstNumber(digest) % release.chunks);
  let chunk;
  try {
    chunk = await cf.kvs().get(key);
  } catch (error) {
    // The store reached this edge without its index: the release before it is whole, this one's base layer alone is not.
    const earlier = release === routing.canary ? routing.active : release === routing.active && routing.previous;
    return earlier ? layerOf(earlier, path, routing) : release.base;
  }
  return layerInChunk(chunk, digest.substring(8, 16)) || release.base;
}

// "<layer, 16 characters><tag, 8 characters><tag>...;<layer><tag>..."
function layerInChunk(chunk, tag) {
  const groups = chunk.split(';');
  for (let i = 0; i < groups.length; i++) {
    for (let at = 16; at < groups[i].length; at += 8) {
      if (groups[i].substring(at, at + 8) === tag) return groups[i].substring(0, 16);
    }
  }
  return null;
}

function sha256(text) {
  return crypto.createHash('sha256').update(text).digest('hex');
}

function firstNumber(digest) {
  return parseInt(digest.substring(0, 8), 16);
}

function decoded(path) {
  try {
    return decodeURIComponent(path).substring(1);
  } catch (error) {
    return path.substring(1); // no UTF-8: no file has such a name
  }
}

async function handler(event) {
  const request = event.request;
  const routing = await readRouting();
  const path = indexDocument(request.uri);
  chooseOrigins(routing.drained_regions || [], path, request);
  if (CONFIG.fixedPrefixes.some((prefix) => path.startsWith(prefix))) {
    request.uri = path;
    return request;
  }
  if (!routing.active) return unpublished();
  request.uri = '/releases/' + (await layerOf(releaseFor(routing, event.viewer.ip), path, routing)) + path;
  return request;
}
