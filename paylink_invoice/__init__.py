# License LGPL-3.0 or later (https://www.gnu.org/licenses/lgpl).
from . import controllers, log_masking, models, reports, wizards

log_masking.install()
