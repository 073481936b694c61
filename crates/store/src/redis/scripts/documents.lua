-- Documents: revision, place in the list and end before a line feed, the length of the group first behind it, then
-- the group and the content.
local documents, document_ends = prefix .. 'documents', prefix .. 'documents:expiry'

local function documents_of(kind, group)
  return prefix .. 'documents:group:' .. kind .. '/' .. group
end

-- Removes one; its revision, if there is one.
local function remove_document(kind, id)
  local name = kind .. '/' .. id
  local text = redis.call('HGET', documents, name)
  if not text then return nil end
  local revision, time, over, length, first = string.match(text, '^(%d+) (%x+) (%x+) (%d+)\n()')
  local group = string.sub(text, first, first + length - 1)
  redis.call('HDEL', documents, name)
  redis.call('ZREM', documents_of(kind, group), time .. id)
  redis.call('ZREM', document_ends, over .. name)
  return revision
end

local function put_document(revision, kind, id, group, time, over, data)
  local name = kind .. '/' .. id
  local head = string.format('%.0f %s %s %d\n', revision, time, over, #group)
  redis.call('HSET', documents, name, head .. group .. data)
  with_place(documents_of(kind, group), time .. id)
  with_place(document_ends, over .. name)
  did(1)
end

function op.put_document()
  local kind, id, group, time, over, data = take(), take(), take(), take(), take(), take()
  local revision = remove_document(kind, id) or 0
  put_document(revision + 1, kind, id, group, time, over, data)
end

function op.replace_document()
  local kind, id, group, time, over, data, revision = take(), take(), take(), take(), take(), take(), take()
  local text = redis.call('HGET', documents, kind .. '/' .. id)
  if not text or string.match(text, '^%d+') ~= revision then return did(0) end
  remove_document(kind, id)
  put_document(revision + 1, kind, id, group, time, over, data)
end

function op.delete_document()
  local kind, id = take(), take()
  did(remove_document(kind, id) and 1 or 0)
end

function op.delete_documents()
  local kind, group, limit = take(), take(), count()
  local places = redis.call('ZRANGE', documents_of(kind, group), 0, limit - 1)
  for _, place in ipairs(places) do remove_document(kind, string.sub(place, 17)) end
  did(#places)
end

function op.delete_documents_until()
  local kind, group, last, bytes = take(), take(), take(), count()
  local places = redis.call('ZRANGE', documents_of(kind, group), '-', last, 'BYLEX')
  local removed = 0
  for _, place in ipairs(places) do
    local id = string.sub(place, 17)
    local text = redis.call('HGET', documents, kind .. '/' .. id) or ''
    local first = string.match(text, '^%d+ %x+ %x+ %d+\n()')
    if first and #text - first + 1 - #group < bytes then
      remove_document(kind, id)
      removed = removed + 1
    end
  end
  did(removed)
end

function op.sweep_documents()
  local before, limit = take(), take()
  local places = redis.call('ZRANGE', document_ends, '-', before, 'BYLEX', 'LIMIT', '0', limit)
  for _, place in ipairs(places) do
    local kind, id = string.match(place, '^([^/]*)/(.*)$', 17)
    remove_document(kind, id)
  end
  did(#places)
end
