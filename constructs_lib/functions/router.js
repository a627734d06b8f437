// Viewer-request function of one regional distribution (cloudfront-js-2.0). constructs_lib/edge/router.py fills in CONFIG.
//
// 1. The active release comes from the KeyValueStore, key "routing": {"active": {"id", "base", "index", "chunks", "salt", "style",
//    "redirects", "br", "gzip"}, "previous": the same, "canary": the same and "percent", "drained_regions": [...]}. /x becomes
//    /releases/<increment>/x, and the release's index says which increment: an object never changes under its key, so there is no
//    invalidation and no mixed page. scripts/release/routing.py, index.py and url_rules.py write all of it; /health and /errors are
//    outside releases and keep their path.
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
  // One region: its bucket may take all of S3's time, because nothing would be asked after it.
  if (!CONFIG.other) return;
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

// The rules of object_path, other_spelling, _variant and _matched in regional_endpoint/handler.py: tests/contract runs both on one table.
function objectPath(path, style) {
  if (path.endsWith('/')) return path + 'index.html';
  if (style.includes('off') || path.substring(path.lastIndexOf('/')).includes('.')) return path;
  return path + (style.includes('file') ? '.html' : '/index.html');
}

// //x/ without its last slash would be another host's address; programs that ask for well-known names follow no redirects.
function otherSpelling(path, style) {
  const bare = path.replace(/\/+$/, '');
  const isPage = !bare.substring(bare.lastIndexOf('/')).includes('.');
  if (!bare || !isPage || path.startsWith('//') || path.startsWith('/.well-known/')) return null;
  if (style.includes('add') && bare === path) return path + '/';
  return style.includes('remove') && bare !== path ? bare : null;
}

// Every file of these extensions has the variant.
function variantSuffix(release, file, request) {
  const end = file.substring(file.lastIndexOf('.') + 1);
  const accepted = header(request, 'accept-encoding').toLowerCase().split(',');
  const has = (coding) => end && (release[coding] || '').split(' ').includes(end) && accepted.some((each) => accepts(each, coding));
  return has('br') ? '.br' : has('gzip') ? '.gz' : '';
}

function accepts(each, coding) {
  const parts = each.split(';');
  return parts[0].trim() === coding && !/^\s*q=0(\.0*)?\s*$/.test(parts[1] || '');
}

function redirected(value, request) {
  const parts = value.substring(4).split('#');
  const query = request.rawQueryString();
  if (query && !parts[0].includes('?')) parts[0] += '?' + query;
  return {
    statusCode: parseInt(value, 10),
    headers: { location: { value: parts.join('#') }, 'cache-control': { value: 'public, max-age=300' } },
  };
}

// Lines of "<canonical start of a path> <status> <location, whose last * stands for the rest>".
function matched(lines, path) {
  const asked = encoded(path);
  const line = lines.split('\n').find((each) => asked.startsWith(each.split(' ')[0]));
  if (!line) return null;
  const start = line.split(' ')[0];
  return line.substring(start.length + 1).replace(/\*$/, asked.substring(start.length).replace(/^\/+/, ''));
}

function unpublished() {
  return {
    statusCode: 503,
    statusDescription: 'Service Unavailable',
    headers: { 'content-type': { value: 'text/plain; charset=utf-8' }, 'retry-after': { value: '30' } },
    body: 'Nothing is published yet: run failover sync-content.\n',
  };
}

// What may answer, best first: a share of the viewers, by their address, gets the canary and stays with it. The others stand in
// where the store reached this edge without all keys of the first: each is whole, and an answer never mixes two.
function candidates(routing, ip) {
  const canary = routing.canary;
  const isCanary = canary && firstNumber(sha256(canary.id + ':' + ip)) % 100 < canary.percent;
  return [isCanary ? canary : null, routing.active, routing.previous].filter((release) => release);
}

// null: this edge does not have all keys of the release.
async function answerOf(release, request, path, isLast) {
  const style = release.style || '';
  const file = objectPath(path, style);
  let object = file + variantSuffix(release, file, request);
  let increment = release.base;
  try {
    const named = release.chunks ? await incrementOf(release, object) : null;
    increment = named || release.base;
    const table = 'redirect/' + release.redirects;
    if (increment[0] === '-') return redirected(await cf.kvs().get(table + encoded(object)), request);
    const value = table.endsWith('*') ? matched(await cf.kvs().get(table), path) : null;
    if (value) return redirected(value, request);
    if (release.fallback && (!named || named[0] === '~') && isNavigation(path, request)) {
      object = '/' + release.fallback;
      increment = (await incrementOf(release, object)) || release.base;
    }
  } catch (error) {
    if (!isLast) return null;
    increment = release.base;
  }
  const other = otherSpelling(path, style);
  if (other) return redirected('301 ' + encoded(other), request);
  request.uri = '/releases/' + increment + encoded(object);
  return request;
}

// The index names every page of a release with a fallback, and with ~ those that are gone, so this asks no origin and hides no
// dead one.
function isNavigation(path, request) {
  const mode = header(request, 'sec-fetch-mode');
  const isPage = !path.substring(path.lastIndexOf('/')).includes('.');
  return isPage && (mode ? mode === 'navigate' : header(request, 'accept').includes('text/html'));
}

async function incrementOf(release, object) {
  const digest = sha256(release.salt + ':' + object.substring(1));
  const chunk = await cf.kvs().get('index/' + release.index + '/' + (firstNumber(digest) % release.chunks));
  return incrementInChunk(chunk, digest.substring(8, 16));
}

// "<increment, 16 characters><tag, 8 characters><tag>...;<increment><tag>..."; dashes in place of the increment: redirected
function incrementInChunk(chunk, tag) {
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

// As Python's unquote: a % that begins no escape stands for itself. What is no UTF-8, an escape even now, or too long for a key of
// S3 (LONGEST_PATH_BYTES of regional_endpoint/handler.py) is no file's name.
function decoded(uri) {
  try {
    const path = decodeURIComponent(uri.replace(/%(?![0-9a-f]{2})/gi, '%25'));
    const bytes = encodeURIComponent(path).replace(/%../g, '.').length;
    return bytes > 960 || /\uFFFD|%[0-9a-f]{2}/i.test(path) ? '/\uFFFD.' : path;
  } catch (error) {
    return '/\uFFFD.';
  }
}

// One spelling for each object: one cache entry, and S3 reads no + as a space.
function encoded(path) {
  return path.split('/').map(encodeURIComponent).join('/');
}

async function handler(event) {
  const request = event.request;
  const routing = await readRouting();
  const path = decoded(request.uri);
  chooseOrigins(routing.drained_regions || [], path, request);
  if (CONFIG.fixedPrefixes.some((prefix) => path.startsWith(prefix))) {
    request.uri = encoded(objectPath(path, ''));
    return request;
  }
  const releases = candidates(routing, event.viewer.ip);
  for (let i = 0; i < releases.length; i++) {
    const answer = await answerOf(releases[i], request, path, i === releases.length - 1);
    if (answer) return answer;
  }
  return unpublished();
}
