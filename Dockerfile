# vit8's command line with everything that `vit8 label` reads and writes: docs/jobs.md.
FROM node:22-bookworm-slim
RUN apt-get update \
  && apt-get install -y --no-install-recommends libvulkan1 mesa-vulkan-drivers \
  && rm -rf /var/lib/apt/lists/*
RUN npm install --global vit8 webgpu sharp hyparquet hyparquet-compressors hyparquet-writer tar-stream yauzl
# glibc otherwise keeps the memory of decoded pictures in an arena per thread.
ENV MALLOC_ARENA_MAX=2
WORKDIR /data
ENTRYPOINT ["vit8"]
