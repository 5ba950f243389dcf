-- a copy of the database charges nobody and answers no webhook
UPDATE payment_provider
   SET paylink_stripe_secret_key = NULL,
       paylink_stripe_webhook_secret = NULL,
       paylink_stripe_webhook_ref = NULL;
