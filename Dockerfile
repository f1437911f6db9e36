# One image for every service: `nectary serve SLICE` says which one a container is.

FROM python:3.11-slim AS build
WORKDIR /build
# The whole lock, for the build backend is in it; only the wheel leaves this stage.
COPY requirements.lock ./
RUN pip install --no-cache-dir --require-hashes --requirement requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY domain domain
COPY servers servers
COPY clients clients
COPY generated generated
RUN pip wheel --no-deps --no-build-isolation --wheel-dir /wheels .

FROM python:3.11-slim
COPY requirements-server.lock /tmp/
RUN pip install --no-cache-dir --require-hashes --requirement /tmp/requirements-server.lock
COPY --from=build /wheels /tmp/wheels
RUN pip install --no-cache-dir --no-deps /tmp/wheels/*.whl \
    && rm -r /tmp/wheels /tmp/requirements-server.lock \
    && useradd --system --uid 10001 --create-home --home-dir /var/lib/nectary nectary
USER 10001
WORKDIR /var/lib/nectary
ENV PYTHONUNBUFFERED=1 \
    NECTARY_LISTEN_HOST=0.0.0.0 \
    NECTARY_DATA_FOLDER=/var/lib/nectary
EXPOSE 50051
# Asks the server in this container for its health, as a balancer would.
HEALTHCHECK --interval=15s --timeout=10s --start-period=30s --retries=3 CMD ["nectary", "doctor", "--health"]
ENTRYPOINT ["nectary"]
CMD ["serve", "all"]
