# sockguard in a container: the program, the libraries that it needs and its presets; no shell.
#
#   docker build -t sockguard .
#   docker run -d --name sockguard -v /var/run/docker.sock:/var/run/docker.sock \
#     -v sockguard:/run/sockguard sockguard serve -c /etc/sockguard/cis-docker-benchmark.yaml
#
# It starts as root to take the group of the engine's socket, and is user 65532 without any capability
# before it serves (docs/confinement.md). `--user 65532:GID` with the socket's group works too.
FROM debian:12 AS build
WORKDIR /src
COPY scripts/packages scripts/packages
RUN scripts/packages --install build
COPY . .
RUN rm -rf build && scripts/build build && scripts/image-root build /image

FROM scratch
LABEL org.opencontainers.image.title="sockguard" \
      org.opencontainers.image.description="A default-deny proxy in front of the Docker engine's socket" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.base.name="scratch"
COPY --from=build /image /
ENV SOCKGUARD_CONFINE_USER=65532
HEALTHCHECK --interval=10s --timeout=5s --start-period=5s \
  CMD ["/usr/bin/sockguard", "healthcheck"]
ENTRYPOINT ["/usr/bin/sockguard"]
CMD ["serve"]
