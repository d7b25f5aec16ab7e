#
# SPDX-License-Identifier: GPL-3.0-or-later
#
"""The scene of J. Li et al., "Sensing-Enhanced Handover Criterion for Low-Altitude Wireless Networks":
two base stations, a drone between them, and the probability that it is handed over."""

from dataclasses import dataclass, replace
from typing import Optional

import numpy as np
from gnuradio.isac import theory

CARRIER_FREQUENCY = 2e9  # Hz
SPEED_OF_LIGHT = 3e8  # m/s, the paper's
WAVELENGTH = SPEED_OF_LIGHT / CARRIER_FREQUENCY
BANDWIDTH = 10e6  # Hz
SUBCARRIERS = 50
SPACING = BANDWIDTH / SUBCARRIERS
SYMBOLS = 64
CYCLIC_PREFIX = 1.25e-6  # s
TX_POWER_DBM = 42.0
NOISE_DBM = -100.0  # in the whole band
RCS_M2 = 0.1
STATION_X_M, STATION_HEIGHT_M = 1000.0, 25.0

CRITERIA = ("rsrp", "distance", "joint")

# Lowest SNR at which a maximum-likelihood estimate of the delay alone is within 1 dB of the
# unknown-phase bound, over the pilots of each of 64 symbols; delay and Doppler together need 1 dB
# more (-13 dB at 10 pilots).
THRESHOLD_PILOTS = (3, 5, 10, 20, 50)
THRESHOLD_SNR_DB = (-10.5, -12.0, -14.0, -16.5, -20.5)


def distances(x, y=0.0, height=200.0, station_x=STATION_X_M):
    """From the drone to the serving and to the target station, m."""
    above = height - STATION_HEIGHT_M
    return (np.sqrt((x + station_x) ** 2 + y**2 + above**2),
            np.sqrt((x - station_x) ** 2 + y**2 + above**2))


def path_loss(distance):
    return theory.path_loss_uma_av(distance, CARRIER_FREQUENCY)


@dataclass(frozen=True)
class Lawn:
    """A convention: what the paper leaves open or gets wrong, and its parameters.

    corrected: the noise counts once, the carrier phase is unknown, and the array gains are those of
    unit-norm weights: antennas one way, antennas^2 out and back.
    snr_db: of the echo a resource element; None: that of the link budget.
    """

    corrected: bool = False
    antennas: int = 32
    pilot_share: float = 0.2
    hysteresis_db: float = 2.0
    threshold_m: float = 50.0
    snr_db: Optional[float] = None

    def with_(self, **changes):
        return replace(self, **changes)

    @property
    def pilots(self):
        return round(self.pilot_share * SUBCARRIERS)

    def element_snr_db(self, received_dbm):
        """The paper divides the power by the subcarriers, but not the noise of the band."""
        return received_dbm - NOISE_DBM - (0 if self.corrected else 10 * np.log10(SUBCARRIERS))

    def echo_snr_db(self, distance):
        if self.snr_db is not None:
            return np.full(np.shape(distance), self.snr_db)
        loss = theory.echo_loss(path_loss(distance), RCS_M2, WAVELENGTH)
        return self.element_snr_db(TX_POWER_DBM + 20 * np.log10(self.antennas) - loss)

    def link_snr_db(self, distance):
        gain_db = (10 if self.corrected else 20) * np.log10(self.antennas)
        return self.element_snr_db(TX_POWER_DBM + gain_db - path_loss(distance))

    def range_variance(self, distance, shadowing_db=0.0):
        """Bound of the measured range, m^2; the echo passes the shadowing twice."""
        snr = 10 ** ((self.echo_snr_db(distance) + 2 * shadowing_db) / 10)
        return theory.range_crlb(
            snr, SPACING, SYMBOLS, self.pilots,
            model="unknown_phase" if self.corrected else "published",
            speed_of_light=SPEED_OF_LIGHT)

    def above_threshold_db(self, distance):
        """By how much the echo's SNR exceeds what an estimator needs to follow the bound."""
        needed = np.interp(np.log(self.pilots), np.log(THRESHOLD_PILOTS), THRESHOLD_SNR_DB)
        return self.echo_snr_db(distance) - needed

    def probabilities(self, x, y=0.0, height=200.0, shadowing_db=0.0):
        """Of a handover by each criterion, eqs. (8) to (10)."""
        serving, target = np.broadcast_arrays(*distances(x, y, height))
        by_rsrp = theory.handover_probability_rsrp(
            path_loss(serving), path_loss(target), self.hysteresis_db,
            theory.shadowing_std_uma_av(height))
        by_distance = theory.handover_probability_distance(
            serving, target, self.threshold_m, self.range_variance(serving, shadowing_db),
            self.range_variance(target, shadowing_db))
        return {"rsrp": by_rsrp, "distance": by_distance,
                "joint": theory.handover_probability_joint(by_rsrp, by_distance)}

    def regions(self, x, y=0.0, height=200.0):
        """Where along x (its last axis) the probabilities first pass 0.1 and 0.9, m; NaN: never."""
        return {criterion: tuple(theory.first_upward_crossing(x, p, level) for level in (0.1, 0.9))
                for criterion, p in self.probabilities(x, y, height).items()}

    def rate(self, distance):
        """Eq. (4), bit/s."""
        snr = 10 ** (self.link_snr_db(distance) / 10)
        return theory.data_rate(snr, BANDWIDTH, self.pilot_share)

    def rate_gain(self, x, y=0.0, height=200.0):
        """Effective rate by the joint criterion over that by RSRP, eq. (11), bit/s."""
        serving, target = (self.rate(d) for d in distances(x, y, height))
        p = self.probabilities(x, y, height)
        return (theory.effective_rate(p["joint"], serving, target)
                - theory.effective_rate(p["rsrp"], serving, target))


PAPER = Lawn()
CORRECTED = Lawn(corrected=True)


def scene_warnings():
    """What the paper's grid cannot measure in the paper's scene."""
    needed = float(distances(0.0)[0])
    unambiguous = SPEED_OF_LIGHT / (2 * SPACING)
    covered = SPEED_OF_LIGHT * CYCLIC_PREFIX / 2
    return [f"the drone is {needed:.0f} m away where it is handed over, {what} of {limit:.1f} m"
            for what, limit in (("beyond the unambiguous range", unambiguous),
                                ("beyond the cyclic prefix's range", covered))
            if needed > limit]
