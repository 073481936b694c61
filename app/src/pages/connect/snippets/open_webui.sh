docker run -d --name open-webui -p 3000:8080 \
  --add-host=host.docker.internal:host-gateway \
  -v open-webui:/app/backend/data \
  -e OPENAI_API_BASE_URL={{container_base_url}} \
  -e OPENAI_API_KEY={{key}} \
  ghcr.io/open-webui/open-webui:main
