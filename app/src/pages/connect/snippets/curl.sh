curl {{chat_url}} \
  -H {{authorization}} \
  -H 'Content-Type: application/json' \
  -d {{chat_body}}
