"""Two rules that no code path may break: the ledger is only appended to, and captured money stays captured."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION payments_refuse_ledger_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'the ledger is append-only'; END $$;
CREATE TRIGGER payments_ledger_append_only BEFORE UPDATE OR DELETE ON payments_ledgerentry
FOR EACH ROW EXECUTE FUNCTION payments_refuse_ledger_change();

CREATE FUNCTION payments_refuse_uncapture() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'captured money, its amount and its currency never change'; END $$;
CREATE TRIGGER payments_captured_is_final BEFORE UPDATE ON payments_payment FOR EACH ROW
WHEN (OLD.state = 'captured' AND NEW.state <> 'captured'
      OR OLD.amount <> NEW.amount OR OLD.currency <> NEW.currency OR OLD.merchant_ref <> NEW.merchant_ref)
EXECUTE FUNCTION payments_refuse_uncapture();
"""
BACKWARD = """
DROP TRIGGER payments_captured_is_final ON payments_payment;
DROP FUNCTION payments_refuse_uncapture();
DROP TRIGGER payments_ledger_append_only ON payments_ledgerentry;
DROP FUNCTION payments_refuse_ledger_change();
"""


class Migration(migrations.Migration):
    dependencies = [("payments", "0001_initial")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
